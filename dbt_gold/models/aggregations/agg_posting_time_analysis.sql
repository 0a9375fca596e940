with postings as (
  select
    d.day_of_week,
    d.day_name,
    t.hour_24,
    f.job_family_key,
    f.seniority_key,
    f.num_applicants,
    {{ dbt.datediff('f.posted_at', 'f.ingestion_timestamp', 'second') }} as seconds_online
  from {{ ref('fact_job_posting') }} as f
  inner join {{ ref('dim_date') }} as d on d.date_key = f.date_key
  inner join {{ ref('dim_time') }} as t on t.time_key = f.time_key
  where f.date_key <> -1
),

-- The platform shows neither fewer than 25 nor more than 200 applicants: such counts tell no pace.
paced as (
  select
    postings.*,
    case
      when num_applicants between 26 and 199 and seconds_online >= 3600
        then cast(cast(seconds_online as double precision) / 36 / num_applicants as decimal(18,6))
    end as hours_to_100
  from postings
),

slots as (
  select
    day_of_week,
    day_name,
    hour_24,
    job_family_key,
    seniority_key,
    cast(count(*) as integer) as job_count,
    {{ mean('num_applicants', 10, 2) }} as avg_applicants,
    {{ mean('hours_to_100', 10, 2) }} as avg_time_to_100_applicants_hrs
  from paced
  group by day_of_week, day_name, hour_24, job_family_key, seniority_key
),

scored as (
  select
    slots.*,
    sum(job_count) over () as total_count,
    {{ percent_rank_of('avg_applicants') }} as competition,
    {{ percent_rank_of('job_count') }} as volume
  from slots
)

select
  s.day_of_week,
  s.day_name,
  s.hour_24,
  t.time_of_day,
  s.job_family_key,
  s.seniority_key,
  s.job_count,
  {{ percentage('s.job_count', 's.total_count') }} as pct_of_total,
  s.avg_applicants,
  s.avg_time_to_100_applicants_hrs,
  {{ narrowed('s.competition', 5, 4) }} as competition_score,
  s.volume >= 0.8 as is_peak_posting_time,
  s.competition <= 0.2 as is_low_competition_time,
  {{ narrowed('0.7 * (1 - s.competition) + 0.3 * s.volume', 5, 4) }} as recommendation_score
from scored as s
inner join {{ ref('dim_time') }} as t on t.time_key = s.hour_24 * 100
