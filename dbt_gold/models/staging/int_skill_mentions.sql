{{ config(materialized='table') }}

-- Names are matched once here; dim_skill and bridge_job_skills read the result.
{% set lists = [
  ('stg_ai_enrichment', 'ext_must_have_hard_skills_json', 1, 'hard'),
  ('stg_ai_enrichment', 'ext_must_have_soft_skills_json', 1, 'soft'),
  ('stg_ai_enrichment', 'ext_nice_to_have_hard_skills_json', 2, 'hard'),
  ('stg_ai_enrichment', 'ext_nice_to_have_soft_skills_json', 2, 'soft'),
  ('stg_linkedin', 'skills_canonical_json', 3, 'catalog'),
] %}

with mentions as (
  {% for relation, column, requirement_rank, origin in lists %}
  select
    s.job_posting_id, s.source_system, {{ requirement_rank }} as requirement_rank,
    '{{ origin }}' as origin, s.catalog_version,
    {{ skill_name(unnest_value('item')) }} as raw_name
  from (
    select
      job_posting_id, source_system, {{ json_array(column) }} as items,
      {{ 'skills_catalog_version' if origin == 'catalog' else 'cast(null as varchar(256))' }} as catalog_version
    from {{ ref(relation) }}
    where {{ column }} is not null
  ) as s {{ unnest_join('s.items', 'item') }}
  {{ 'union all' if not loop.last }}
  {% endfor %}
),

keyed as (
  select
    m.*,
    coalesce(synonym.match_key, lower(m.raw_name)) as match_key
  from mentions as m
  left join {{ ref('seed_skill_synonym') }} as synonym on synonym.synonym = lower(m.raw_name)
  where m.raw_name is not null and lower(m.raw_name) <> 'not_mentioned'
),

-- One row per posting and skill: required before nice-to-have before only mentioned.
merged as (
  select
    k.job_posting_id,
    k.source_system,
    k.match_key,
    min(coalesce(listed.skill_canonical_name, k.raw_name)) as skill_name,
    min(k.requirement_rank) as requirement_rank,
    max(case when k.origin = 'hard' then 1 else 0 end) as hard_mentions,
    max(case when k.origin = 'soft' then 1 else 0 end) as soft_mentions,
    max(k.catalog_version) as catalog_version
  from keyed as k
  left join {{ ref('seed_skill') }} as listed on listed.match_key = k.match_key
  group by 1, 2, 3
)

select
  job_posting_id,
  source_system,
  {{ hash_key(['match_key']) }} as skill_key,
  match_key,
  skill_name,
  case requirement_rank when 1 then 'required' when 2 then 'nice_to_have' else 'mentioned' end as requirement_type,
  case when hard_mentions + soft_mentions > 0 then 'extracted' else 'catalog' end as skill_source,
  hard_mentions = 1 as is_hard,
  soft_mentions = 1 as is_soft,
  catalog_version
from merged
