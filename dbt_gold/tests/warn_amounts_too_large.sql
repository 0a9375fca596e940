{{ config(severity='warn') }}
-- Pay that does not fit its column: the fact holds NULL there, and this says so.
select p.job_posting_id, p.source_system, p.salary_min, p.salary_max, a.ext_salary_min, a.ext_salary_max
from {{ ref('stg_linkedin') }} as p
left join {{ ref('stg_ai_enrichment') }} as a on a.job_posting_key = p.job_posting_key
where abs(coalesce(p.salary_max, p.salary_min, 0)) > 1000000000
  or abs(coalesce(a.ext_salary_max, a.ext_salary_min, 0)) > 1000000000
  or abs(coalesce(a.ext_hourly_rate_max, a.ext_hourly_rate_min, 0)) > 999999
  or abs(coalesce(a.ext_daily_rate_max, a.ext_daily_rate_min, 0)) > 99999999
