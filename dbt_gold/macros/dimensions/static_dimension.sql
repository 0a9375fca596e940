{#- A closed list of members from its seed.

    columns: key first, then the name, then the other attributes.
    unknown: add the member -1 `Unknown` (where the list itself has none for missing values).
    unknown_keys: foreign keys of the member -1 that point to -1 too. -#}
{% macro static_dimension(seed, columns, unknown=true, unknown_keys=[]) %}
select {{ columns | join(', ') }}
from {{ ref(seed) }}
{%- if unknown %}
union all
select {{ unknown_member(columns, columns[1], unknown_keys) }}
{%- endif %}
{%- endmacro %}

{#- The values of the member -1, in the order of columns. -#}
{% macro unknown_member(columns, name, unknown_keys=[]) -%}
  {%- for column in columns -%}
    {%- if loop.first or column in unknown_keys -%}-1
    {%- elif column == name -%}'Unknown'
    {%- else -%}null
    {%- endif -%}
    {{ ', ' if not loop.last }}
  {%- endfor -%}
{%- endmacro %}

{#- The member that takes NULL, unmapped values and postings without enrichment. -#}
{% macro catch_all_key(dimension) -%}
  {%- set listed = {
    'dim_contract_type': 5, 'dim_cloud_platform': 7, 'dim_education': 7, 'dim_pay_type': 6,
    'dim_start_urgency': 6, 'dim_geo_restriction': 6, 'dim_pto_policy': 5,
    'dim_security_clearance': 3, 'dim_visa_status': 7, 'dim_leadership': 6,
    'dim_orchestrator': 7, 'dim_storage_layer': 6, 'dim_processing_paradigm': 5,
    'dim_remote_restriction': 4, 'dim_timezone': 5, 'dim_growth_clarity': 4,
    'dim_requirement_strictness': 4, 'dim_benefits_level': 4, 'dim_maturity_level': 6,
    'dim_role_clarity': 4, 'dim_manager_level': 5, 'dim_team_velocity': 4,
    'dim_reporting_structure': 5, 'dim_ai_integration': 6, 'dim_company_stage': 6,
    'dim_team_size': 6, 'dim_hiring_context': 6, 'dim_hiring_urgency': 5, 'dim_competition': 5,
  } -%}
  {{ return(listed.get(dimension, -1)) }}
{%- endmacro %}
