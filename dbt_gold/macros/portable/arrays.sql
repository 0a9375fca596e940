{#- Lists travel as JSON text (`<column>_json`), because Redshift cannot select a nested column of
    an external table. Unnesting takes a subquery, so that nothing follows the unnested list:

      from (select id, {{ json_array('tags_json') }} as items from t where tags_json is not null) s
      {{ unnest_join('s.items', 'item') }}

    and the element as text is {{ unnest_value('item') }}. -#}
{% macro json_array(column) %}{{ return(adapter.dispatch('json_array', 'gold_layer')(column)) }}{% endmacro %}
{% macro default__json_array(column) %}from_json({{ column }}, '["VARCHAR"]'){% endmacro %}
{% macro redshift__json_array(column) %}json_parse({{ column }}){% endmacro %}

{% macro unnest_join(list, alias) %}{{ return(adapter.dispatch('unnest_join', 'gold_layer')(list, alias)) }}{% endmacro %}
{% macro default__unnest_join(list, alias) %}cross join unnest({{ list }}) as {{ alias }}_rows({{ alias }}){% endmacro %}
{% macro redshift__unnest_join(list, alias) %}, /*unnest*/ {{ list }} as {{ alias }}{% endmacro %}

{% macro unnest_value(alias) %}{{ return(adapter.dispatch('unnest_value', 'gold_layer')(alias)) }}{% endmacro %}
{% macro default__unnest_value(alias) %}{{ alias }}{% endmacro %}
{% macro redshift__unnest_value(alias) %}cast({{ alias }} as varchar(65535)){% endmacro %}

{#- Number of elements; NULL for NULL and for text that is no JSON list. -#}
{% macro json_array_length(column) %}{{ return(adapter.dispatch('json_array_length', 'gold_layer')(column)) }}{% endmacro %}
{% macro default__json_array_length(column) -%}
  cast(case when {{ column }} like '[%' then json_array_length(cast({{ column }} as json)) end as integer)
{%- endmacro %}
{% macro redshift__json_array_length(column) %}json_array_length({{ column }}, true){% endmacro %}

{#- True where the JSON list of plain words holds the word. -#}
{% macro json_array_contains(column, word) -%}
  ({{ column }} like '%"{{ word }}"%')
{%- endmacro %}
