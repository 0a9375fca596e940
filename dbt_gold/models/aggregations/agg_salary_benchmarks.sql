with postings as (
  {{ dated_postings() }}
),

benchmarks as (
  select
    month_key,
    seniority_key,
    job_family_key,
    country_code,
    work_model_key,
    cast(count(*) as integer) as sample_size,
    {{ percentile('salary_avg_usd', 0.1, 12, 2) }} as salary_p10,
    {{ percentile('salary_avg_usd', 0.25, 12, 2) }} as salary_p25,
    {{ percentile('salary_avg_usd', 0.5, 12, 2) }} as salary_p50,
    {{ percentile('salary_avg_usd', 0.75, 12, 2) }} as salary_p75,
    {{ percentile('salary_avg_usd', 0.9, 12, 2) }} as salary_p90,
    {{ mean('salary_avg_usd', 12, 2) }} as salary_avg
  from postings
  where salary_avg_usd is not null
  group by month_key, seniority_key, job_family_key, country_code, work_model_key
)

select
  b.*,
  {{ change_pct('b.salary_p50', 'previous.salary_p50') }} as mom_change_pct,
  {{ change_pct('b.salary_p50', 'year_ago.salary_p50') }} as yoy_change_pct
from benchmarks as b
{% for alias, back in [('previous', 1), ('year_ago', 12)] %}
left join benchmarks as {{ alias }}
  on {{ alias }}.month_key = {{ month_before('b.month_key', back) }}
  and {{ alias }}.seniority_key = b.seniority_key
  and {{ alias }}.job_family_key = b.job_family_key
  and {{ alias }}.country_code = b.country_code
  and {{ alias }}.work_model_key = b.work_model_key
{% endfor %}
