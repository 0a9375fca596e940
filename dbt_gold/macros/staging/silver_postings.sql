{#- The newest version of each posting in Silver: latest scraped_at, ties by the hash of the row.

    prune: read the changed partitions only (var changed_partitions).
    only: a relation with job_posting_key, to which the postings are limited; '' for all. -#}
{% macro newest_postings(prune=false, only='') -%}
select
  {{ hash_key(['job_posting_id', 'source_system']) }} as job_posting_key,
  ranked.*
from (
  select
    versions.*,
    row_number() over (
      partition by job_posting_id, source_system
      order by ingestion_timestamp desc nulls last, {{ version_hash() }} desc, silver_partition desc
    ) as version_rank
  from (
    select
      {{ posting_id('job_posting_id') }} as job_posting_id,
      cast(source_system as varchar(256)) as source_system,
      {{ clean('url') }} as url,
      cast(scraped_at as timestamp) as ingestion_timestamp,
      cast(job_posted_datetime as timestamp) as posted_at,
      {{ clean('company_id') }} as company_id,
      {{ clean('company_name') }} as company_name,
      {{ clean('job_title') }} as job_title,
      {{ clean('job_seniority_level') }} as job_seniority_level,
      {{ clean('job_employment_type') }} as job_employment_type,
      {{ squeeze('job_location') }} as job_location,
      application_availability,
      cast(job_num_applicants as integer) as job_num_applicants,
      salary_min,
      salary_max,
      salary_currency,
      salary_period,
      skills_canonical_json,
      skills_catalog_version,
      {{ silver_partition('silver') }} as silver_partition
    from {{ source('silver', 'linkedin') }} as silver
    where {{ in_changed_partitions('silver') if prune else '1 = 1' }}
  ) as versions
  where job_posting_id is not null
  {%- if only %}
    and {{ hash_key(['job_posting_id', 'source_system']) }} in (select job_posting_key from {{ only }})
  {%- endif %}
) as ranked
where version_rank = 1
{%- endmacro %}

{#- Tells two versions of a posting apart that were collected at the same moment. -#}
{% macro version_hash() -%}
  {{ hash_key([
    'url', 'company_id', 'company_name', 'job_title', 'job_seniority_level', 'job_employment_type',
    'job_location', date_key('posted_at'), time_key('posted_at'),
    bool_text('application_availability'), 'job_num_applicants',
    'cast(salary_min as decimal(18,2))', 'cast(salary_max as decimal(18,2))',
    'salary_currency', 'salary_period', 'skills_canonical_json',
  ]) }}
{%- endmacro %}

{#- Postings as staging exposes them: currency, period, company and place are normalised.

    postings: the name of a relation made by newest_postings. -#}
{% macro staged_postings(postings) -%}
select
  p.job_posting_key,
  p.job_posting_id,
  p.source_system,
  p.url,
  p.ingestion_timestamp,
  p.posted_at,
  coalesce(
    p.company_id,
    profiles.company_id,
    'name:' || substring(md5(lower(p.company_name)), 1, 15)
  ) as company_id,
  p.company_name,
  p.job_title,
  p.job_seniority_level,
  p.job_employment_type,
  p.job_location,
  p.application_availability,
  p.job_num_applicants,
  p.salary_min,
  p.salary_max,
  p.salary_currency,
  p.salary_period,
  {{ currency_code('p.salary_currency') }} as currency_code,
  {{ pay_period('p.salary_period') }} as period,
  p.skills_canonical_json,
  p.skills_catalog_version,
  places.loc_city,
  places.loc_state,
  places.loc_country_code,
  places.loc_region,
  p.silver_partition
from {{ postings }} as p
left join (
  select lower(company_name) as company_name, min(company_id) as company_id
  from {{ ref('stg_linkedin_companies') }}
  where company_name is not null
  group by 1
) as profiles on profiles.company_name = lower(p.company_name) and p.company_id is null
left join (
  {{ parsed_locations(postings) }}
) as places on places.job_location = p.job_location
{%- endmacro %}
