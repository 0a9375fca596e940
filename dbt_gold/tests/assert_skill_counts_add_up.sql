-- Postings that require a skill or wish for it are among those that name it.
select *
from {{ ref('agg_skills_demand') }}
where job_count < required_count + nice_to_have_count or job_count < 1
