with mentions as (
  select
    {{ iso_week_key('f.posted_at') }} as week_key,
    cast({{ dbt.date_trunc('week', 'f.posted_at') }} as date) as week_start,
    b.skill_key,
    f.seniority_key,
    f.job_family_key,
    b.requirement_type,
    f.salary_avg_usd
  from {{ ref('bridge_job_skills') }} as b
  inner join {{ ref('fact_job_posting') }} as f on f.job_posting_key = b.job_posting_key
  where f.date_key <> -1
),

demand as (
  select
    week_key,
    week_start,
    skill_key,
    seniority_key,
    job_family_key,
    cast(count(*) as integer) as job_count,
    {{ count_where("requirement_type = 'required'") }} as required_count,
    {{ count_where("requirement_type = 'nice_to_have'") }} as nice_to_have_count,
    {{ mean('salary_avg_usd', 12, 2) }} as avg_salary_usd
  from mentions
  group by week_key, week_start, skill_key, seniority_key, job_family_key
),

totals as (
  select week_key, skill_key, sum(job_count) as postings
  from demand
  group by week_key, skill_key
),

ranked as (
  select
    week_key,
    skill_key,
    cast(dense_rank() over (partition by week_key order by postings desc) as integer) as rank_overall
  from totals
)

select
  d.week_key,
  d.skill_key,
  d.seniority_key,
  d.job_family_key,
  s.skill_canonical_name as skill_name,
  s.skill_family,
  d.job_count,
  d.required_count,
  d.nice_to_have_count,
  d.avg_salary_usd,
  r.rank_overall,
  {{ change_pct('d.job_count', 'earlier.job_count') }} as growth_rate_4w
from demand as d
inner join ranked as r on r.week_key = d.week_key and r.skill_key = d.skill_key
inner join {{ ref('dim_skill') }} as s on s.skill_key = d.skill_key
left join demand as earlier
  on earlier.week_start = {{ add_days('d.week_start', -28) }}
  and earlier.skill_key = d.skill_key
  and earlier.seniority_key = d.seniority_key
  and earlier.job_family_key = d.job_family_key
