{{ config(tags=['dim_static']) }}

with minutes as (
  select
    cast(n as integer) as minute_of_day,
    cast(floor(n / 60.0) as integer) as hour_24,
    cast(mod(n, 60) as integer) as minute
  from ({{ number_series(1440) }}) as offsets
),

hours as (
  select
    minutes.*,
    case when mod(hour_24, 12) = 0 then 12 else mod(hour_24, 12) end as hour_12,
    case when hour_24 < 12 then 'AM' else 'PM' end as am_pm
  from minutes
)

select
  hour_24 * 100 + minute as time_key,
  hour_24,
  hour_12,
  minute,
  am_pm,
  case
    when hour_24 between 5 and 8 then 'Early Morning'
    when hour_24 between 9 and 11 then 'Morning'
    when hour_24 between 12 and 16 then 'Afternoon'
    when hour_24 between 17 and 20 then 'Evening'
    else 'Night'
  end as time_of_day,
  {{ time_bucket('minute_of_day', 30) }} as time_bucket_30min,
  {{ time_bucket('minute_of_day', 60) }} as time_bucket_1hr,
  {{ time_bucket('minute_of_day', 240) }} as time_bucket_4hr,
  hour_24 between 9 and 17 as is_business_hours,
  hour_24 between 10 and 15 as is_peak_posting_hour,
  cast(hour_12 as varchar(2)) || ' ' || am_pm as hour_label
from hours
union all
select -1, null, null, null, null, 'Unknown', null, null, null, null, null, 'Unknown'
