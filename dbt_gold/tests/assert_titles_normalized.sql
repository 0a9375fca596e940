-- The example pairs of seed_title_example come out of the macro as written.
with found as (
  {{ normalized_titles('(select title as job_title from ' ~ ref('seed_title_example') ~ ') as examples') }}
)

select example.title, example.normalized, found.job_title_normalized
from {{ ref('seed_title_example') }} as example
left join found on found.job_title = example.title
where coalesce(found.job_title_normalized, '') <> example.normalized
