{#- One scan over the enriched postings, crossed with the list of the 54 fields. Evidence is read
    for this model alone. In an incremental run it is read from the changed partitions; where a
    posting's enrichment lies in another one, it has not changed, and the evidence stays. Like
    stg_ai_enrichment the table outlives full refreshes: Silver-AI may hold the evidence no more. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='job_posting_key',
    on_schema_change='fail',
    full_refresh=false,
    pre_hook="{{ delete_unenriched_postings() }}",
    dist='job_posting_key',
) }}

with changed as (
  {{ changed_postings() }}
),

enriched as (
  select a.*
  from {{ ref('stg_ai_enrichment') }} as a
  inner join changed on changed.job_posting_key = a.job_posting_key
  where changed.has_ai_enrichment
),

evidence as (
  {{ evidence_of('enriched', prune=is_incremental()) }}
),

fields as (
  {{ field_list() }}
)

select
  e.job_posting_key,
  cast(fields.field_name as varchar(256)) as field_name,
  cast({{ of_field('e', 'value') }} as varchar(65535)) as field_value,
  {{ score(of_field('e', 'confidence')) }} as confidence_score,
  {%- if is_incremental() %}
  cast(case when v.job_posting_key is null then kept.evidence else {{ of_field('v', 'evidence') }} end as varchar(65535)) as evidence,
  {%- else %}
  cast({{ of_field('v', 'evidence') }} as varchar(65535)) as evidence,
  {%- endif %}
  cast({{ of_field('e', 'source') }} as varchar(256)) as source,
  fields.pass_number
from enriched as e
cross join fields
left join evidence as v on v.job_posting_key = e.job_posting_key
{%- if is_incremental() %}
left join {{ this }} as kept
  on kept.job_posting_key = e.job_posting_key and kept.field_name = fields.field_name
{%- endif %}
