{#- On DuckDB the Silver tables are views over the Parquet files under var('silver_root'); on
    Redshift they are tables of the external schema. A source without any file becomes an empty
    view with the columns that its YAML lists; a column that no file has is NULL. Lists named in the
    source's meta `json_of` get their `_json` companion where the files have none. -#}
{% macro register_silver() -%}
  {%- if execute and target.type == 'duckdb' -%}
    {%- for node in graph.sources.values() if node.source_name == 'silver' -%}
      {%- set files = var('silver_root') ~ '/' ~ node.meta.get('prefix', node.identifier) ~ '/**/*.parquet' -%}
      {%- do run_query('create schema if not exists ' ~ node.schema) -%}
      {%- do run_query('create or replace view ' ~ node.schema ~ '.' ~ node.identifier ~ ' as ' ~ silver_select(node, files)) -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}

{% macro silver_select(node, files) -%}
  {%- set found = run_query("select count(*) from glob('" ~ files ~ "')").columns[0][0] -%}
  {%- if found -%}
    {%- set parquet = "read_parquet('" ~ files ~ "', hive_partitioning=true, hive_types_autocast=false, union_by_name=true)" -%}
    {%- set lists = node.meta.get('json_of', []) -%}
    {%- set present = run_query('describe select * from ' ~ parquet).columns[0].values() | list -%}
    {%- set absent = node.columns.values() | rejectattr('name', 'in', present) | list -%}
    select *
    {%- for c in absent if c.name.removesuffix('_json') not in lists %}, cast(null as {{ c.data_type }}) as {{ c.name }}{% endfor -%}
    {%- for column in lists if column ~ '_json' not in present -%}
      , cast({{ 'to_json(' ~ column ~ ')' if column in present else 'null' }} as varchar) as {{ column }}_json
    {%- endfor %} from {{ parquet }}
  {%- elif node.columns -%}
    select {% for c in node.columns.values() %}cast(null as {{ c.data_type }}) as {{ c.name }}{{ ', ' if not loop.last }}{% endfor %} where false
  {%- else -%}
    {{ exceptions.raise_compiler_error('No Parquet file matches ' ~ files ~ ' for source silver.' ~ node.name ~ ': set the variable silver_root.') }}
  {%- endif -%}
{%- endmacro %}
