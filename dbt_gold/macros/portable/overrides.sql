{#- One schema `gold` beside `staging`, not gold_gold and gold_staging. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name or target.schema }}
{%- endmacro %}

{#- Compiling for Redshift without a connection: DBT_OFFLINE says which of the two forms of an
    incremental model is wanted, `full` or `incremental`. -#}
{% macro is_incremental() -%}
  {%- set offline = env_var('DBT_OFFLINE', '') -%}
  {%- if offline -%}
    {{ return(offline == 'incremental' and model.config.materialized == 'incremental') }}
  {%- endif -%}
  {{ return(dbt.is_incremental()) }}
{%- endmacro %}

{#- DuckDB's own delete+insert knows no incremental predicates on DBT_INTERNAL_DEST. -#}
{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {{ default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) }}
{%- endmacro %}
