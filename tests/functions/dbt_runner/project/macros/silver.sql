{% macro register_silver() %}
  {% if execute %}
    {% do run_query('create schema if not exists silver_external') %}
    {% for node in graph.sources.values() %}
      {% do run_query("create or replace view silver_external." ~ node.identifier ~ " as select * from read_parquet('" ~ var('silver_root') ~ "/" ~ node.identifier ~ "/**/*.parquet', hive_partitioning=true)") %}
    {% endfor %}
  {% endif %}
{% endmacro %}

{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}{% endmacro %}
