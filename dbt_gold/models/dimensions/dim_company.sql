{{ config(tags=['dim_dynamic']) }}

-- A version opens where a tracked attribute changes; followers and employees do not open one.
{% set tracked = [
  'company_name', 'website_domain', 'headquarters_city', 'headquarters_country',
  'industry_primary', 'organization_type', 'company_size_bucket', 'company_size_min',
  'company_size_max', 'founded_year', 'funding_stage',
] %}

with snapshots as (
  select
    s.*,
    {{ hash_key(tracked + [bool_text('has_funding_info')]) }} as attributes_hash
  from {{ ref('stg_linkedin_companies') }} as s
),

compared as (
  select
    snapshots.*,
    lag(attributes_hash) over (partition by company_id order by snapshot_date) as previous_hash
  from snapshots
),

numbered as (
  select
    compared.*,
    sum(case when previous_hash is null or previous_hash <> attributes_hash then 1 else 0 end)
      over (partition by company_id order by snapshot_date rows unbounded preceding) as version_number
  from compared
),

ranked as (
  select
    numbered.*,
    min(snapshot_date) over (partition by company_id, version_number) as effective_start_date,
    row_number() over (
      partition by company_id, version_number order by snapshot_date desc
    ) as newest
  from numbered
),

versions as (
  select
    ranked.*,
    lead(effective_start_date) over (
      partition by company_id order by effective_start_date
    ) as next_start_date
  from ranked
  where newest = 1
),

-- Companies that post without a profile of their own.
inferred as (
  select
    l.company_id,
    max(l.company_name) as company_name,
    cast(min(coalesce(l.posted_at, l.ingestion_timestamp)) as date) as effective_start_date
  from {{ ref('stg_linkedin') }} as l
  left join (select distinct company_id from versions) as profiled
    on profiled.company_id = l.company_id
  where l.company_id is not null and profiled.company_id is null
  group by l.company_id
)

select
  case
    when version_number = 1 then {{ hash_key(['company_id']) }}
    else {{ hash_key(['company_id', 'effective_start_date']) }}
  end as company_key,
  company_id,
  {{ cut_text('company_name') }} as company_name,
  website_domain,
  headquarters_city,
  headquarters_country,
  industry_primary,
  organization_type,
  company_size_bucket,
  company_size_min,
  company_size_max,
  founded_year,
  cast(linkedin_followers as bigint) as linkedin_followers,
  cast(linkedin_employees as integer) as linkedin_employees,
  funding_stage,
  has_funding_info,
  effective_start_date,
  {{ add_days('next_start_date', -1) }} as effective_end_date,
  next_start_date is null as is_current
from versions
union all
select
  {{ hash_key(['company_id']) }}, company_id, {{ cut_text('company_name') }},
  null, null, null, null, null, null, null, null, null, null, null, null,
  false, effective_start_date, null, true
from inferred
union all
select
  -1, null, 'Unknown', null, null, null, null, null, null, null, null, null, null, null, null,
  null, null, null, null
