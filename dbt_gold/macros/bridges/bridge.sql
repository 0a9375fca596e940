{#- A bridge between postings and the members of a dimension, from the lists named in member_source.

    restriction_types: list column -> value of restriction_type, where the bridge has that column. -#}
{% macro bridge(dimension, restriction_types={}) -%}
{%- set key = member_source(dimension).key -%}
{%- set restriction = restriction_type(restriction_types) -%}
with changed as (
  {{ changed_postings() }}
),

enriched as (
  select a.*
  from {{ ref('stg_ai_enrichment') }} as a
  inner join changed on changed.job_posting_key = a.job_posting_key
),

links as (
  {{ member_links(dimension, 'enriched') }}
)

select
  {{ hash_key(['changed.job_posting_key', 'links.member_key'] + ([restriction] if restriction else [])) }} as bridge_key,
  changed.job_posting_key,
  cast(links.member_key as bigint) as {{ key }},
  {%- if restriction %}
  cast({{ restriction }} as varchar(256)) as restriction_type,
  {%- endif %}
  links.confidence_score
from links
inner join changed
  on changed.job_posting_id = links.job_posting_id and changed.source_system = links.source_system
{%- endmacro %}

{% macro restriction_type(restriction_types) -%}
  {%- if restriction_types -%}
    case links.source_column
    {%- for column, type in restriction_types.items() %} when '{{ column }}' then '{{ type }}'{% endfor %} end
  {%- endif -%}
{%- endmacro %}
