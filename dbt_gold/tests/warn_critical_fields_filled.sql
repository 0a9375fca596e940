{{ config(severity='warn') }}
-- At least 95 % of the postings tell title, date, company and location.
with filled as (
  select
    count(*) as postings,
    {{ count_where('job_title_original is not null') }} as titles,
    {{ count_where('date_key <> -1') }} as dates,
    {{ count_where('company_key <> -1') }} as companies,
    {{ count_where('location_key <> -1') }} as locations
  from {{ ref('fact_job_posting') }}
)

select *
from filled
where least(titles, dates, companies, locations) < 0.95 * postings
