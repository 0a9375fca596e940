{#- Evidence of enriched postings, read from Silver-AI for the rows that stg_ai_enrichment chose.

    enriched: relation with the columns of stg_ai_enrichment. One row per posting whose row lies in
    the partitions read, with <field>_evidence for the 54 fields. -#}
{% macro evidence_of(enriched, prune=false) -%}
with located as (
  select ranked.*
  from (
    select
      candidates.*,
      e.job_posting_key,
      row_number() over (partition by e.job_posting_key order by candidates.raw_id) as choice,
      count(*) over (partition by e.job_posting_key, candidates.raw_id) as copies
    from (
      select
        {{ hash_key([posting_id('s.job_posting_id'), 's.source_system']) }} as posting_key,
        {{ silver_partition('s') }} as silver_partition,
        {{ enrichment_identity() | join(',\n        ') }}
      from {{ source('silver', 'ai_enrichment') }} as s
      where {{ in_changed_partitions('s') if prune else '1 = 1' }}
    ) as candidates
    inner join {{ enriched }} as e
      on e.job_posting_key = candidates.posting_key
      and e.silver_partition = candidates.silver_partition
      and e.passes_succeeded = candidates.passes_succeeded
      and {{ known_time('e.ingestion_timestamp') }} = candidates.version_at
      and {{ known_time('e.enriched_at') }} = candidates.enrichment_at
  ) as ranked
  where choice = 1
)

{{ evidence_rows('w.copies = 1', prune) }}
union all
select {{ evidence_names() | join(', ') }}
from (
  select copies.*, row_number() over (partition by job_posting_key order by content_hash) as copy_number
  from (
    {{ evidence_rows('w.copies > 1', prune, ['s.content_hash']) }}
  ) as copies
) as numbered
where copy_number = 1
{%- endmacro %}

{% macro evidence_rows(condition, prune, extra=[]) -%}
select w.job_posting_key
  {%- for field in pass2_fields() + pass3_fields() %}, s.{{ field[0] }}_evidence{% endfor %}
  {%- for column in extra %}, {{ column }}{% endfor %}
from {{ source('silver', 'ai_enrichment') }} as s
inner join located as w on {{ is_winner() }}
where {{ condition }} and {{ in_changed_partitions('s') if prune else '1 = 1' }}
{%- endmacro %}

{% macro evidence_names() -%}
  {%- set names = ['job_posting_key'] -%}
  {%- for field in pass2_fields() + pass3_fields() -%}{%- do names.append(field[0] ~ '_evidence') -%}{%- endfor -%}
  {{ return(names) }}
{%- endmacro %}

{#- The 54 fields as rows: number, name, pass. -#}
{% macro field_list() -%}
  {%- for field in pass2_fields() + pass3_fields() %}
  select {{ loop.index }} as field_number, '{{ field[0] }}' as field_name, {{ 2 if loop.index <= 25 else 3 }} as pass_number
  {{- ' union all' if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#- What a posting's row has for the field of the list: its value, confidence, source or evidence. -#}
{% macro of_field(row, kind) -%}
  case fields.field_number
  {%- for field in pass2_fields() + pass3_fields() %}
    when {{ loop.index }} then {{ field_value(row, field) if kind == 'value' else row ~ '.' ~ field[0] ~ '_' ~ kind }}
  {%- endfor %}
  end
{%- endmacro %}

{#- The value as text, printed alike by both engines. -#}
{% macro field_value(row, field) -%}
  {%- set column = row ~ '.' ~ value_column(field) -%}
  {%- if field[1] == 'flag' -%}{{ bool_text(column) }}
  {%- elif field[1] == 'number' -%}cast(cast({{ column }} as decimal(18,2)) as varchar(256))
  {%- else -%}{{ column }}
  {%- endif -%}
{%- endmacro %}
