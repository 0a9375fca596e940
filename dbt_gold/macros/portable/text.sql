{#- Replaces every match; Redshift does so by itself, DuckDB only with a flag. Patterns stay within
    what both engines know: no \b, no look-around. -#}
{% macro regexp_replace_all(text, pattern, replacement) %}{{ return(adapter.dispatch('regexp_replace_all', 'gold_layer')(text, pattern, replacement)) }}{% endmacro %}
{% macro default__regexp_replace_all(text, pattern, replacement) %}regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g'){% endmacro %}
{% macro redshift__regexp_replace_all(text, pattern, replacement) %}regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}'){% endmacro %}

{#- True where some part of the text matches the pattern (case counts). -#}
{% macro regexp_like(text, pattern) %}{{ return(adapter.dispatch('regexp_like', 'gold_layer')(text, pattern)) }}{% endmacro %}
{% macro default__regexp_like(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}
{% macro redshift__regexp_like(text, pattern) %}(regexp_instr({{ text }}, '{{ pattern }}') > 0){% endmacro %}

{#- Blanks at the ends dropped, runs of blanks made one; '' becomes NULL. -#}
{% macro squeeze(text) -%}
  nullif(trim({{ regexp_replace_all(text, ' +', ' ') }}), '')
{%- endmacro %}

{#- The n-th part between separators, trimmed; NULL where there is none. -#}
{% macro part(text, separator, n) -%}
  nullif(trim(split_part({{ text }}, '{{ separator }}', {{ n }})), '')
{%- endmacro %}

{#- Text that fits VARCHAR(bytes): a character takes up to four bytes on Redshift. -#}
{% macro cut_text(text, bytes=1024) -%}
  cast(left({{ text }}, {{ bytes // 4 }}) as varchar({{ bytes }}))
{%- endmacro %}

{#- 'true', 'false' or NULL: Redshift refuses to cast a boolean to text. -#}
{% macro bool_text(flag) -%}
  case when {{ flag }} then 'true' when not ({{ flag }}) then 'false' end
{%- endmacro %}

{#- The values of a group joined to one text, in the given order. -#}
{% macro joined_text(expression, separator, order_by) %}{{ return(adapter.dispatch('joined_text', 'gold_layer')(expression, separator, order_by)) }}{% endmacro %}
{% macro default__joined_text(expression, separator, order_by) %}string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }}){% endmacro %}
{% macro redshift__joined_text(expression, separator, order_by) %}listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }}){% endmacro %}
