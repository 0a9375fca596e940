{#- A decimal, or NULL where the rounded number does not fit: an overflow must not stop the build. -#}
{% macro safe_decimal(expression, precision, scale) -%}
  {%- set limit = ('9' * (precision - scale) or '0') ~ '.' ~ '9' * scale ~ '5' -%}
  case when abs({{ expression }}) < {{ limit }} then cast({{ expression }} as decimal({{ precision }},{{ scale }})) end
{%- endmacro %}

{#- Percentile of a double, rounded alike on both engines before it is narrowed. -#}
{% macro percentile(expression, fraction, precision, scale) -%}
  {{ safe_decimal("cast(percentile_cont(" ~ fraction ~ ") within group (order by cast(" ~ expression ~ " as double precision)) as decimal(18,6))", precision, scale) }}
{%- endmacro %}

{#- Rows 0 .. rows-1 in column n, without a system table (rows at most 100,000). -#}
{% macro number_series(rows) -%}
  select n from (
    select ones.d + 10 * tens.d + 100 * hundreds.d + 1000 * thousands.d + 10000 * ten_thousands.d as n
    from ({{ digits() }}) as ones
    cross join ({{ digits() }}) as tens
    cross join ({{ digits() }}) as hundreds
    cross join ({{ digits() }}) as thousands
    cross join ({{ digits() }}) as ten_thousands
  ) as numbers
  where n < {{ rows }}
{%- endmacro %}

{% macro digits() -%}
  {% for d in range(10) %}select {{ d }} as d{{ ' union all ' if not loop.last }}{% endfor %}
{%- endmacro %}
