{{ config(tags=['bridge_group_a']) }}

with changed as (
  {{ changed_postings() }}
),

touched as (
  select job_posting_key from changed
{%- if is_incremental() %}
  union
  -- A new posting may have moved a skill to another type, category or family.
  select b.job_posting_key
  from {{ this }} as b
  inner join {{ ref('dim_skill') }} as s on s.skill_key = b.skill_key
  where coalesce(b.skill_type, '') <> coalesce(s.skill_type, '')
    or coalesce(b.skill_category, '') <> coalesce(s.skill_category, '')
    or coalesce(b.skill_family, '') <> coalesce(s.skill_family, '')
{%- endif %}
),

postings as (
  select f.job_posting_key, f.job_posting_id, f.source_system
  from {{ ref('fact_job_posting') }} as f
  inner join touched on touched.job_posting_key = f.job_posting_key
)

select
  {{ hash_key(['p.job_posting_key', 'm.skill_key']) }} as bridge_key,
  p.job_posting_key,
  m.skill_key,
  cast(m.requirement_type as varchar(256)) as requirement_type,
  cast(m.skill_source as varchar(256)) as skill_source,
  cast(null as decimal(3,2)) as confidence_score,
  cast(s.skill_type as varchar(256)) as skill_type,
  cast(s.skill_category as varchar(256)) as skill_category,
  cast(s.skill_family as varchar(256)) as skill_family
from postings as p
inner join {{ ref('int_skill_mentions') }} as m
  on m.job_posting_id = p.job_posting_id and m.source_system = p.source_system
inner join {{ ref('dim_skill') }} as s on s.skill_key = m.skill_key
