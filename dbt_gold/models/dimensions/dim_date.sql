{{ config(tags=['dim_static']) }}

with days as (
  select cast({{ dbt.dateadd('day', 'n', "cast('2020-01-01' as date)") }} as date) as full_date
  from ({{ number_series(4018) }}) as offsets
)

select
  {{ date_key('full_date') }} as date_key,
  full_date,
  cast(extract(year from full_date) as integer) as year,
  cast(extract(quarter from full_date) as integer) as quarter,
  cast(extract(month from full_date) as integer) as month,
  {{ name_of('extract(month from full_date)', month_names()) }} as month_name,
  cast(extract(week from full_date) as integer) as week_of_year,
  cast(extract(day from full_date) as integer) as day_of_month,
  {{ iso_day_of_week('full_date') }} as day_of_week,
  {{ name_of(iso_day_of_week('full_date'), day_names()) }} as day_name,
  {{ iso_day_of_week('full_date') }} in (6, 7) as is_weekend
from days
union all
select -1, null, null, null, null, 'Unknown', null, null, null, 'Unknown', null
