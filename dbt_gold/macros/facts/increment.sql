{#- The postings that an incremental build has to look at, one row each, as newest_postings has them:

    - those of the changed partitions whose version is not older than the fact's,
    - those enriched anew in the changed partitions, and those whose company has another version on
      the posting date than the fact says: their newest version may lie anywhere in Silver,
    - those collected twice at the same moment with different content: the version in an unchanged
      partition may be the one that wins.

    The last two read the postings in question alone, from all partitions. The fact then writes the
    rows that differ from its own. -#}
{% macro postings_to_check() -%}
with fresh as (
  {{ newest_postings(prune=true) }}
),

versions as (
  {{ company_versions() }}
),

moved as (
  select f.job_posting_key
  from {{ this }} as f
  left join versions as stored on stored.company_key = f.company_key
  left join versions as valid
    on valid.company_id = stored.company_id and {{ is_valid_at('valid', 'f.posted_at') }}
  where f.company_key <> -1 and (valid.company_key is null or valid.company_key <> f.company_key)
),

enriched_elsewhere as (
  select a.job_posting_key
  from {{ ref('stg_ai_enrichment') }} as a
  left join fresh on fresh.job_posting_key = a.job_posting_key
  left join {{ this }} as f on f.job_posting_key = a.job_posting_key
  where {{ is_changed_partition('a.silver_partition') }}
    and (fresh.job_posting_key is null or {{ known_time('fresh.ingestion_timestamp') }} < {{ known_time('f.ingestion_timestamp') }})
),

contested as (
  select fresh.job_posting_key
  from fresh
  inner join {{ this }} as f on f.job_posting_key = fresh.job_posting_key
  where {{ known_time('fresh.ingestion_timestamp') }} = {{ known_time('f.ingestion_timestamp') }}
    and {{ hash_key([
      cut_text('fresh.url', 2048), cut_text('fresh.job_title'), 'fresh.job_num_applicants',
      cut_text('fresh.salary_currency', 256), cut_text('fresh.salary_period', 256),
      date_key('fresh.posted_at'), time_key('fresh.posted_at'),
      bool_text('fresh.application_availability'), json_array_length('fresh.skills_canonical_json'),
    ]) }} <> {{ hash_key([
      'f.job_url', 'f.job_title_original', 'f.num_applicants',
      'f.salary_currency_original', 'f.salary_period_original',
      date_key('f.posted_at'), time_key('f.posted_at'),
      bool_text('f.is_application_open'), 'f.skills_count',
    ]) }}
),

read_again as (
  select job_posting_key from moved
  union
  select job_posting_key from enriched_elsewhere
  union
  select job_posting_key from contested
)

select fresh.*
from fresh
left join {{ this }} as f on f.job_posting_key = fresh.job_posting_key
left join read_again on read_again.job_posting_key = fresh.job_posting_key
where read_again.job_posting_key is null
  and {{ known_time('fresh.ingestion_timestamp') }} >= {{ known_time('f.ingestion_timestamp') }}
union all
{{ newest_postings(only='read_again') }}
{%- endmacro %}

{#- The rows of a relation that the fact does not hold yet as they are, whenever it was that they
    were written. The columns are those of the contract. -#}
{% macro rows_that_differ(relation) -%}
{%- set compared = model.columns.keys() | reject('equalto', 'dbt_updated_at') | join(', ') -%}
,

changed as (
  select {{ compared }} from {{ relation }}
  except
  select {{ compared }} from {{ this }} where job_posting_key in (select job_posting_key from {{ relation }})
)

select *
from {{ relation }}
where job_posting_key in (select job_posting_key from changed)
{%- endmacro %}
