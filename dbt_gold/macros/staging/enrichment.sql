{#- The best enrichment of each posting in the partitions read: most passes, then the newest version
    of the posting, then the newest enrichment, then the later partition.

    The winner is picked on narrow columns; the wide ones are read for it alone. Copies of a row
    (same posting, partition, passes and times) cannot be told apart by those: they, and only they,
    are numbered on the wide rows.

    prune: read the changed partitions only (var changed_partitions). -#}
{% macro best_enrichments(prune=false) -%}
{%- set names = enrichment_names() -%}
with candidates as (
  select
    {{ posting_id('s.job_posting_id') }} as posting_id,
    {{ enrichment_identity() | join(',\n    ') }}
  from {{ source('silver', 'ai_enrichment') }} as s
  where {{ in_changed_partitions('s') if prune else '1 = 1' }}
),

winners as (
  select ranked.*
  from (
    select
      candidates.*,
      row_number() over (
        partition by posting_id, source_system
        order by passes_succeeded desc, version_at desc, enrichment_at desc, year desc, month desc, day desc, hour desc, raw_id
      ) as choice,
      count(*) over (
        partition by raw_id, source_system, year, month, day, hour, passes_succeeded, version_at, enrichment_at
      ) as copies
    from candidates
    where posting_id is not null
  ) as ranked
  where choice = 1
)

select {{ names | join(', ') }}
from (
  {{ wide_enrichments('w.copies = 1', prune) }}
) as single
union all
select {{ names | join(', ') }}
from (
  select
    copies.*,
    row_number() over (partition by job_posting_key order by row_hash desc) as copy_number
  from (
    {{ wide_enrichments('w.copies > 1', prune) }}
  ) as copies
) as numbered
where copy_number = 1
{%- endmacro %}

{#- Narrow columns of a row `s` that pick the winner and find it again. -#}
{% macro enrichment_identity() -%}
  {{ return([
    's.job_posting_id as raw_id',
    's.source_system',
    's.year', 's.month', 's.day', 's.hour',
    passes_succeeded('s') ~ ' as passes_succeeded',
    known_time('s.scraped_at') ~ ' as version_at',
    known_time('s.enriched_at') ~ ' as enrichment_at',
  ]) }}
{%- endmacro %}

{% macro passes_succeeded(row) -%}
  (case when {{ row }}.pass1_success then 1 else 0 end + case when {{ row }}.pass2_success then 1 else 0 end + case when {{ row }}.pass3_success then 1 else 0 end)
{%- endmacro %}

{#- A time that can be compared where it is missing: the oldest. -#}
{% macro known_time(moment) -%}
  coalesce(cast({{ moment }} as timestamp), cast('1900-01-01' as timestamp))
{%- endmacro %}

{#- True where row `s` of Silver-AI is the winner `w`. -#}
{% macro is_winner() -%}
  s.job_posting_id = w.raw_id and s.source_system = w.source_system
    and s.year = w.year and s.month = w.month and s.day = w.day and s.hour = w.hour
    and {{ passes_succeeded('s') }} = w.passes_succeeded
    and {{ known_time('s.scraped_at') }} = w.version_at
    and {{ known_time('s.enriched_at') }} = w.enrichment_at
{%- endmacro %}

{% macro wide_enrichments(condition, prune) -%}
  select
    {{ hash_key(['w.posting_id', 's.source_system']) }} as job_posting_key,
    w.posting_id as job_posting_id,
    cast(s.source_system as varchar(256)) as source_system,
    {{ silver_partition('s') }} as silver_partition,
    cast(s.scraped_at as timestamp) as ingestion_timestamp,
    cast(s.enriched_at as timestamp) as enriched_at,
    s.content_hash,
    {{ hash_key([
      's.content_hash',
      's.enrichment_model_pass1', 's.enrichment_model_pass2', 's.enrichment_model_pass3',
      's.enrichment_prompt_pass1', 's.enrichment_prompt_pass2', 's.enrichment_prompt_pass3',
      's.total_tokens_used', 's.enrichment_warnings', 's.enrichment_errors',
    ]) }} as row_hash,
    w.passes_succeeded,
    w.passes_succeeded > 0 as has_ai_enrichment,
    s.pass1_success,
    s.pass2_success,
    s.pass3_success,
    {{ silver_ai_columns() | join(',\n    ') }}
  from {{ source('silver', 'ai_enrichment') }} as s
  inner join winners as w on {{ is_winner() }}
  where {{ condition }}
    and {{ in_changed_partitions('s') if prune else '1 = 1' }}
{%- endmacro %}

{#- The columns of Silver-AI that Gold reads, under their names in Gold. -#}
{% macro silver_ai_columns() -%}
  {%- set columns = [] -%}
  {%- for name in extracted_columns() -%}
    {%- do columns.append('s.' ~ name) -%}
  {%- endfor -%}
  {%- for field in pass2_fields() + pass3_fields() -%}
    {%- do columns.extend(['s.' ~ value_column(field), 's.' ~ field[0] ~ '_confidence', 's.' ~ field[0] ~ '_source']) -%}
  {%- endfor -%}
  {%- for raw, name in summary_columns() -%}
    {%- do columns.append('s.' ~ raw ~ ' as ' ~ name) -%}
  {%- endfor -%}
  {{ return(columns) }}
{%- endmacro %}

{#- All columns of stg_ai_enrichment in their order. -#}
{% macro enrichment_names() -%}
  {%- set names = [
    'job_posting_key', 'job_posting_id', 'source_system', 'silver_partition', 'ingestion_timestamp',
    'enriched_at', 'content_hash', 'row_hash', 'passes_succeeded', 'has_ai_enrichment',
    'pass1_success', 'pass2_success', 'pass3_success',
  ] -%}
  {%- for column in silver_ai_columns() -%}
    {%- do names.append(column.split(' as ')[-1] | replace('s.', '', 1)) -%}
  {%- endfor -%}
  {{ return(names) }}
{%- endmacro %}

{#- The order of best_enrichments over two rows of stg_ai_enrichment; a row from the same partition
    replaces the one that stood there. -#}
{% macro is_not_worse(new, old) -%}
  (
    {{ new }}.passes_succeeded > {{ old }}.passes_succeeded
    or {{ new }}.passes_succeeded = {{ old }}.passes_succeeded and (
      {{ known_time(new ~ '.ingestion_timestamp') }} > {{ known_time(old ~ '.ingestion_timestamp') }}
      or {{ known_time(new ~ '.ingestion_timestamp') }} = {{ known_time(old ~ '.ingestion_timestamp') }} and (
        {{ known_time(new ~ '.enriched_at') }} > {{ known_time(old ~ '.enriched_at') }}
        or {{ known_time(new ~ '.enriched_at') }} = {{ known_time(old ~ '.enriched_at') }}
        and {{ new }}.silver_partition >= {{ old }}.silver_partition
      )
    )
  )
{%- endmacro %}
