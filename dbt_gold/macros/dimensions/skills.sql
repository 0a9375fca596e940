{#- A skill as written, without superfluous blanks and at most as long as its column. -#}
{% macro skill_name(text) -%}
  {{ cut_text(squeeze(text)) }}
{%- endmacro %}
