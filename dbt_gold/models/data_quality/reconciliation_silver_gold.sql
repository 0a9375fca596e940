{{ config(
  materialized='incremental',
  incremental_strategy='delete+insert',
  unique_key='reconciliation_timestamp',
  on_schema_change='fail',
  full_refresh=false,
  tags=['data_quality', 'reconciliation'],
) }}

-- One row per build; earlier builds' rows stay, also in a full refresh.
{% set started = build_started_at() %}
{% set is_newer -%}
  s.ingestion_timestamp > g.ingestion_timestamp
  or s.enriched_at > coalesce(g.enriched_at, cast('1900-01-01' as timestamp))
{%- endset %}

with gold as (
  select
    job_posting_key,
    ingestion_timestamp,
    enriched_at,
    case when dbt_updated_at = {{ started }} then 1 else 0 end as is_of_this_build,
    row_number() over (partition by job_posting_key order by ingestion_timestamp desc) as copy_number
  from {{ ref('fact_job_posting') }}
),

silver as (
  select l.job_posting_key, l.ingestion_timestamp, a.enriched_at
  from {{ ref('stg_linkedin') }} as l
  left join {{ ref('stg_ai_enrichment') }} as a
    on a.job_posting_id = l.job_posting_id and a.source_system = l.source_system
),

-- The newest posting that earlier builds wrote.
watermark as (
  select coalesce(max(ingestion_timestamp), cast('1900-01-01' as timestamp)) as reached
  from gold
  where is_of_this_build = 0
),

silver_counts as (
  select
    count(*) as total,
    {{ count_where('s.ingestion_timestamp > w.reached') }} as new_records,
    count(distinct case when s.ingestion_timestamp > w.reached then s.job_posting_key end)
      as new_jobs,
    {{ count_where('g.job_posting_key is null') }} as missing,
    {{ count_where(is_newer) }} as stale
  from silver as s
  cross join watermark as w
  left join gold as g on g.job_posting_key = s.job_posting_key and g.copy_number = 1
),

gold_counts as (
  select
    count(*) as total,
    {{ count_where('g.is_of_this_build = 1 and g.ingestion_timestamp > w.reached') }} as new_records,
    count(distinct case
      when g.is_of_this_build = 1 and g.ingestion_timestamp > w.reached then g.job_posting_key
    end) as new_jobs,
    {{ count_where('s.job_posting_key is null or g.copy_number > 1') }} as surplus
  from gold as g
  cross join watermark as w
  left join silver as s on s.job_posting_key = g.job_posting_key
),

compared as (
  select
    s.new_records as silver_new_records,
    s.new_jobs as silver_unique_jobs,
    g.new_records as gold_new_records,
    g.new_jobs as gold_unique_jobs,
    s.new_jobs - g.new_jobs as delta_variance,
    s.total as silver_total,
    g.total as gold_total,
    s.missing as missing_in_gold,
    g.surplus as surplus_in_gold,
    s.stale as stale_in_gold
  from silver_counts as s
  cross join gold_counts as g
)

select
  {{ started }} as reconciliation_timestamp,
  cast(coalesce(silver_new_records, 0) as integer) as silver_new_records,
  cast(silver_unique_jobs as integer) as silver_unique_jobs,
  cast(coalesce(gold_new_records, 0) as integer) as gold_new_records,
  cast(gold_unique_jobs as integer) as gold_unique_jobs,
  cast(delta_variance as integer) as delta_variance,
  case
    when silver_unique_jobs = 0 and gold_unique_jobs = 0 then 'NO_NEW_DATA'
    when abs(delta_variance) <= 10 then 'OK'
    when abs(delta_variance) <= 50 then 'WARNING'
    else 'ALERT'
  end as delta_status,
  cast(silver_total as integer) as silver_total,
  cast(gold_total as integer) as gold_total,
  cast(silver_total - gold_total as integer) as total_variance,
  cast(coalesce(missing_in_gold, 0) as integer) as missing_in_gold,
  cast(coalesce(surplus_in_gold, 0) as integer) as surplus_in_gold,
  cast(coalesce(stale_in_gold, 0) as integer) as stale_in_gold,
  case
    when missing_in_gold > 0 then 'GOLD_BEHIND'
    when surplus_in_gold > 0 then 'GOLD_AHEAD'
    when stale_in_gold > 0 then 'GOLD_STALE'
    else 'SYNCED'
  end as total_status
from compared
