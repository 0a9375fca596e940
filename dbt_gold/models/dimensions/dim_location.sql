{{ config(tags=['dim_dynamic']) }}

with places as (
  select
    {{ location_key('l', 'a') }} as location_key,
    l.loc_city, l.loc_state, l.loc_country_code, l.loc_region,
    {{ is_remote_location('l', 'a') }} as is_remote_location
  from {{ ref('stg_linkedin') }} as l
  left join {{ ref('stg_ai_enrichment') }} as a
    on a.job_posting_id = l.job_posting_id and a.source_system = l.source_system
  where l.job_location is not null
),

locations as (
  select
    location_key,
    min(loc_city) as city,
    min(loc_state) as state_province,
    min(loc_country_code) as country_code,
    min(loc_region) as region,
    bool_or(is_remote_location) as is_remote_location
  from places
  group by location_key
),

states as (
  select distinct country_code, state_province, state_code, timezone_primary
  from {{ ref('seed_state') }}
  where alias_kind = 'name'
)

select
  l.location_key,
  {{ cut_text('l.city') }} as city,
  {{ cut_text('l.state_province') }} as state_province,
  s.state_code,
  l.country_code,
  case when l.country_code = 'ZZ' then 'Unknown' else c.country_name end as country_name,
  l.region,
  coalesce(s.timezone_primary, c.timezone_primary) as timezone_primary,
  l.is_remote_location
from locations as l
left join {{ ref('seed_country') }} as c on c.country_code = l.country_code
left join states as s
  on s.country_code = l.country_code and s.state_province = l.state_province
union all
select -1, null, null, null, 'ZZ', 'Unknown', null, null, null
