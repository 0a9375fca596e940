{{ config(tags=['critical']) }}
-- The lower bound of a salary is not above the upper one.
select job_posting_key, salary_min_usd, salary_max_usd
from {{ ref('fact_job_posting') }}
where salary_min_usd > salary_max_usd
