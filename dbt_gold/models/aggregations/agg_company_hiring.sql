-- A posting refers to the version of its company that was valid then; it counts for the current one.
with postings as (
  select
    f.month_key,
    version.company_id,
    f.is_application_open,
    f.job_title_normalized,
    f.location_key,
    f.is_remote,
    f.salary_avg_usd
  from ({{ dated_postings() }}) as f
  inner join {{ ref('dim_company') }} as version on version.company_key = f.company_key
  where f.company_key <> -1
),

hiring as (
  select
    month_key,
    company_id,
    cast(count(*) as integer) as new_job_postings,
    {{ count_where('is_application_open') }} as active_job_postings,
    cast(count(distinct job_title_normalized) as integer) as unique_job_titles,
    cast(count(distinct location_key) as integer) as unique_locations,
    {{ percentage(count_where('is_remote'), 'count(is_remote)') }} as pct_remote,
    {{ mean('salary_avg_usd', 12, 2) }} as avg_salary_usd
  from postings
  group by month_key, company_id
)

select
  h.month_key,
  c.company_key,
  c.company_name,
  c.company_size_bucket,
  c.industry_primary,
  h.new_job_postings,
  h.active_job_postings,
  h.unique_job_titles,
  h.unique_locations,
  h.pct_remote,
  h.avg_salary_usd,
  cast(
    rank() over (partition by h.month_key order by h.new_job_postings desc) as integer
  ) as hiring_velocity_rank
from hiring as h
inner join {{ ref('dim_company') }} as c on c.company_id = h.company_id and c.is_current
