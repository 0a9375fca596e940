{#- Mean of whole or decimal numbers. The sum is exact, so the order of rows changes nothing, and
    Redshift does not average integers to an integer. NULL without values. -#}
{% macro mean(expression, precision, scale) -%}
  {{ narrowed("cast(sum(" ~ expression ~ ") as double precision) / nullif(count(" ~ expression ~ "), 0)", precision, scale) }}
{%- endmacro %}

{#- 100 x part / whole; NULL when the whole is 0 or unknown. -#}
{% macro percentage(part, whole, precision=7) -%}
  {{ narrowed("100 * cast(" ~ part ~ " as double precision) / nullif(" ~ whole ~ ", 0)", precision, 2) }}
{%- endmacro %}

{#- Change in percent from an earlier to a later figure; NULL when the earlier is 0 or unknown. -#}
{% macro change_pct(later, earlier) -%}
  {{ percentage("(" ~ later ~ " - " ~ earlier ~ ")", earlier, 12) }}
{%- endmacro %}

{#- A double as a decimal, rounded in the same two steps on both engines; NULL where it does not
    fit: an overflow must not stop the build. -#}
{% macro narrowed(expression, precision, scale) -%}
  case when abs({{ expression }}) < {{ '1' ~ '0' * (precision - scale) }} - 0.5
    then cast(cast({{ expression }} as decimal(18,6)) as decimal({{ precision }},{{ scale }}))
  end
{%- endmacro %}

{#- How many rows meet the condition. -#}
{% macro count_where(condition) -%}
  cast(sum(case when {{ condition }} then 1 else 0 end) as integer)
{%- endmacro %}

{#- Percent rank among the known values, 0 for the smallest; NULL for an unknown one. -#}
{% macro percent_rank_of(expression) -%}
  case when {{ expression }} is not null then
    percent_rank() over (
      partition by case when {{ expression }} is null then 1 else 0 end order by {{ expression }}
    )
  end
{%- endmacro %}
