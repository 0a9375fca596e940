{{ config(tags=['dim_dynamic']) }}

with spellings as (
  select
    match_key, skill_key, skill_name,
    count(*) as postings,
    max(case when is_hard then 1 else 0 end) as is_hard,
    max(case when is_soft then 1 else 0 end) as is_soft,
    max(catalog_version) as catalog_version
  from {{ ref('int_skill_mentions') }}
  group by 1, 2, 3
),

skills as (
  select
    match_key, skill_key, skill_name,
    sum(postings) over (partition by match_key) as postings,
    max(is_hard) over (partition by match_key) as is_hard,
    max(is_soft) over (partition by match_key) as is_soft,
    max(catalog_version) over (partition by match_key) as catalog_version,
    row_number() over (partition by match_key order by postings desc, skill_name) as spelling_rank
  from spellings
),

-- A listed skill has the type of its category; any other is hard unless only named as soft.
typed as (
  select
    s.match_key, s.skill_key, s.skill_name, s.postings, s.catalog_version,
    listed.skill_category_key, listed.vendor,
    coalesce(listed.is_emerging, false) as is_emerging,
    coalesce(category.skill_type_key, case when s.is_soft = 1 and s.is_hard = 0 then 2 else 1 end)
      as skill_type_key
  from skills as s
  left join {{ ref('seed_skill') }} as listed on listed.match_key = s.match_key
  left join {{ ref('seed_skill_category') }} as category
    on category.skill_category_key = listed.skill_category_key
  where s.spelling_rank = 1
),

-- The category of a skill that is not listed, by the first keyword of its type.
guessed as (
  select match_key, skill_category_key
  from (
    select
      t.match_key, k.skill_category_key,
      row_number() over (partition by t.match_key order by k.priority) as place
    from typed as t
    inner join {{ ref('seed_skill_keyword') }} as k on t.match_key like '%' || k.keyword || '%'
    inner join {{ ref('seed_skill_category') }} as category
      on category.skill_category_key = k.skill_category_key
      and category.skill_type_key = t.skill_type_key
    where t.skill_category_key is null
  ) as ranked
  where place = 1
),

final as (
  select
    t.*,
    coalesce(t.skill_category_key, guessed.skill_category_key, -1) as category_key
  from typed as t
  left join guessed on guessed.match_key = t.match_key
)

select
  f.skill_key,
  f.skill_name as skill_canonical_name,
  f.skill_name as skill_display_name,
  f.skill_type_key,
  f.category_key as skill_category_key,
  coalesce(category.skill_family_key, -1) as skill_family_key,
  skill_types.skill_type_name as skill_type,
  category.category_name as skill_category,
  family.family_name as skill_family,
  f.vendor,
  f.is_emerging,
  f.skill_type_key in (1, 3) as is_technical,
  cast(f.postings * 1.0 / max(f.postings) over () as decimal(3,2)) as market_demand_score,
  f.catalog_version
from final as f
inner join {{ ref('seed_skill_type') }} as skill_types on skill_types.skill_type_key = f.skill_type_key
left join {{ ref('seed_skill_category') }} as category on category.skill_category_key = f.category_key
left join {{ ref('seed_skill_family') }} as family on family.skill_family_key = category.skill_family_key
union all
select -1, 'Unknown', 'Unknown', -1, -1, -1, null, null, null, null, null, null, null, null
