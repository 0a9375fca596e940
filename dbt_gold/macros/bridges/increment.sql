{#- The postings whose rows of a bridge have to be made: all of them, or in an incremental run those
    whose fact row was written by a build after the last good one started (var
    last_good_build_started_at, that build's own run_started_at; '' = all). -#}
{% macro changed_postings() -%}
  select job_posting_key, job_posting_id, source_system, has_ai_enrichment
  from {{ ref('fact_job_posting') }}
  where {{ is_written_since_last_good_build() }}
{%- endmacro %}

{% macro is_written_since_last_good_build() -%}
  {%- if is_incremental() and var('last_good_build_started_at') -%}
    dbt_updated_at > cast('{{ var("last_good_build_started_at") }}' as timestamp)
  {%- else -%}
    1 = 1
  {%- endif -%}
{%- endmacro %}

{#- Before an incremental insert: the rows of every changed posting go, also of those that have none
    any more, which delete+insert by key would leave behind. -#}
{% macro delete_changed_postings() -%}
  {%- if is_incremental() -%}
    delete from {{ this }} where job_posting_key in (
      select job_posting_key from {{ ref('fact_job_posting') }} where {{ is_written_since_last_good_build() }}
    )
  {%- endif -%}
{%- endmacro %}

{#- The same for job_confidence_details, which keeps the evidence of postings that stay enriched. -#}
{% macro delete_unenriched_postings() -%}
  {%- if is_incremental() -%}
    delete from {{ this }} where job_posting_key
    {%- if flags.FULL_REFRESH %} not in (select job_posting_key from {{ ref('fact_job_posting') }} where has_ai_enrichment)
    {%- else %} in (
      select job_posting_key from {{ ref('fact_job_posting') }}
      where {{ is_written_since_last_good_build() }} and not has_ai_enrichment
    )
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}
