{{ config(tags=['critical']) }}
-- A posting of a platform has one row in the fact.
select job_posting_id, source_system, count(*) as rows_found
from {{ ref('fact_job_posting') }}
group by job_posting_id, source_system
having count(*) > 1
