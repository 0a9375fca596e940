with postings as (
  select
    t.hour_24,
    z.timezone_name as timezone,
    case
      when {{ dbt.datediff('f.posted_at', 'f.ingestion_timestamp', 'second') }} <= 86400
        then f.num_applicants
    end as applicants_24h
  from {{ ref('fact_job_posting') }} as f
  inner join {{ ref('dim_time') }} as t on t.time_key = f.time_key
  inner join {{ ref('dim_timezone') }} as z on z.timezone_key = f.timezone_key
  where f.date_key <> -1
),

hours as (
  select
    hour_24,
    timezone,
    cast(count(*) as integer) as job_count,
    {{ mean('applicants_24h', 10, 2) }} as avg_applicants_24h
  from postings
  group by hour_24, timezone
),

ranked as (
  select
    hours.*,
    sum(job_count) over () as total_count,
    cast(
      rank() over (partition by timezone order by job_count desc) as integer
    ) as rank_by_volume,
    case when avg_applicants_24h is not null then cast(
      rank() over (
        partition by timezone, case when avg_applicants_24h is null then 1 else 0 end
        order by avg_applicants_24h
      ) as integer
    ) end as rank_by_low_competition
  from hours
)

select
  r.hour_24,
  t.hour_label,
  t.time_of_day,
  r.timezone,
  r.job_count,
  {{ percentage('r.job_count', 'r.total_count') }} as pct_of_total,
  r.avg_applicants_24h,
  r.rank_by_volume,
  r.rank_by_low_competition
from ranked as r
inner join {{ ref('dim_time') }} as t on t.time_key = r.hour_24 * 100
