{{ config(tags=['bridge_group_b']) }}

with changed as (
  {{ changed_postings() }}
),

enriched as (
  select
    a.job_posting_key,
    a.inf_primary_cloud,
    a.inf_primary_cloud_confidence,
    a.inf_secondary_clouds_json,
    a.inf_secondary_clouds_confidence
  from {{ ref('stg_ai_enrichment') }} as a
  inner join changed on changed.job_posting_key = a.job_posting_key
),

mentions as (
  select
    job_posting_key, 1 as role,
    lower(trim(inf_primary_cloud)) as cloud,
    inf_primary_cloud_confidence as confidence
  from enriched
  union all
  select
    s.job_posting_key, 2 as role,
    lower(trim({{ unnest_value('item') }})) as cloud,
    s.inf_secondary_clouds_confidence as confidence
  from (
    select
      job_posting_key, inf_secondary_clouds_confidence,
      {{ json_array('inf_secondary_clouds_json') }} as items
    from enriched
    where inf_secondary_clouds_json is not null
  ) as s {{ unnest_join('s.items', 'item') }}
),

-- A platform that is both primary and secondary is primary.
ranked as (
  select
    mentions.job_posting_key,
    mentions.role,
    mentions.confidence,
    platform.cloud_platform_key,
    row_number() over (
      partition by mentions.job_posting_key, platform.cloud_platform_key order by mentions.role, mentions.confidence desc
    ) as place
  from mentions
  inner join {{ ref('seed_enum_map') }} as map
    on map.dimension = 'dim_cloud_platform' and map.silver_value = mentions.cloud
  inner join {{ ref('dim_cloud_platform') }} as platform on platform.cloud_platform_key = map.key
  where mentions.cloud <> 'not_mentioned'
)

select
  {{ hash_key(['job_posting_key', 'cloud_platform_key']) }} as bridge_key,
  job_posting_key,
  cloud_platform_key,
  role = 1 as is_primary,
  {{ score('confidence') }} as confidence_score
from ranked
where place = 1
