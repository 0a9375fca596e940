{#- The n-th of the names, counted from 1. -#}
{% macro name_of(number, names) -%}
  case {{ number }}{% for name in names %} when {{ loop.index }} then '{{ name }}'{% endfor %} end
{%- endmacro %}

{% macro month_names() -%}
  {{ return(['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']) }}
{%- endmacro %}

{% macro day_names() -%}
  {{ return(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']) }}
{%- endmacro %}

{#- HH:MM of a minute of the day; the end of the day prints as 00:00. -#}
{% macro clock(minutes) -%}
  lpad(cast(mod(cast(floor({{ minutes }} / 60.0) as integer), 24) as varchar(2)), 2, '0') || ':' || lpad(cast(mod({{ minutes }}, 60) as varchar(2)), 2, '0')
{%- endmacro %}

{#- The bucket of so many minutes around a minute of the day, as HH:MM-HH:MM. -#}
{% macro time_bucket(minute_of_day, length) -%}
  {%- set start = minute_of_day ~ ' - mod(' ~ minute_of_day ~ ', ' ~ length ~ ')' -%}
  {{ clock('(' ~ start ~ ')') }} || '-' || {{ clock('(' ~ start ~ ' + ' ~ length ~ ')') }}
{%- endmacro %}
