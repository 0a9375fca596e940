{#- From a Silver value to the key of its member, through seed_enum_map:

      select {{ enum_key('pay_type', 'dim_pay_type') }} as pay_type_key
      from stg_ai_enrichment as a
      {{ enum_join('pay_type', 'dim_pay_type', 'a.ext_pay_type') }}

    The first argument names the joined map. Values of two columns are written `one+two` in the
    map (dim_job_family, dim_work_model, dim_employment_type, dim_visa_status). -#}
{% macro enum_join(alias, dimension, expression) -%}
  left join {{ ref('seed_enum_map') }} as {{ alias }}_map
    on {{ alias }}_map.dimension = '{{ dimension }}'
    and {{ alias }}_map.silver_value = lower(trim({{ expression }}))
{%- endmacro %}

{% macro enum_key(alias, dimension) -%}
  coalesce({{ alias }}_map.key, {{ catch_all_key(dimension) }})
{%- endmacro %}
