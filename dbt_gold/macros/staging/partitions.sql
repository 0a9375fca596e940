{#- Which partitions a build has to read. var('changed_partitions') lists the hours YYYY/MM/DD/HH of
    Silver and Silver-AI that changed since the last good build; '' means all of them. Only
    fact_job_posting and stg_ai_enrichment prune, and only in an incremental run: every other model
    sees all of Silver. -#}

{#- Condition on year, month, day and hour of a row of a source, plain enough for both engines to skip the
    files of other partitions: one alternative per day. -#}
{% macro in_changed_partitions(row) -%}
  {%- set changed = var('changed_partitions') -%}
  {%- if changed is string -%}
    1 = 1
  {%- else -%}
    {%- set days = {} -%}
    {%- for partition in changed | sort -%}
      {%- do days.setdefault(partition[:10], []).append("'" ~ partition[11:13] ~ "'") -%}
    {%- endfor -%}
    (1 = 0
    {%- for day, hours in days.items() %}
      or ({{ row }}.year = '{{ day[:4] }}' and {{ row }}.month = '{{ day[5:7] }}' and {{ row }}.day = '{{ day[8:10] }}' and {{ row }}.hour in ({{ hours | join(', ') }}))
    {%- endfor %})
  {%- endif -%}
{%- endmacro %}

{#- The same for a column that holds the partition as text. -#}
{% macro is_changed_partition(column) -%}
  {%- set changed = var('changed_partitions') -%}
  {%- if changed is string -%}
    1 = 1
  {%- elif changed -%}
    {{ column }} in ('{{ changed | sort | join("', '") }}')
  {%- else -%}
    1 = 0
  {%- endif -%}
{%- endmacro %}

{#- Partition of a row of a source, YYYY/MM/DD/HH. -#}
{% macro silver_partition(row) -%}
  cast({{ row }}.year || '/' || {{ row }}.month || '/' || {{ row }}.day || '/' || {{ row }}.hour as varchar(256))
{%- endmacro %}
