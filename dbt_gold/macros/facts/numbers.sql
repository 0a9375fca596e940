{#- A double as a decimal, rounded half away from zero on both engines; NULL where it does not fit. -#}
{% macro rounded_decimal(expression, precision, scale) -%}
  {%- set limit = '9' * (precision - scale) ~ '.' ~ '9' * scale ~ '4' -%}
  case when abs({{ expression }}) <= {{ limit }} then cast(cast({{ expression }} as decimal(18,6)) as decimal({{ precision }},{{ scale }})) end
{%- endmacro %}

{#- A double as an integer, likewise. -#}
{% macro rounded_integer(expression) -%}
  case when abs({{ expression }}) < 1000000 then cast(round(cast({{ expression }} as decimal(18,6)), 0) as integer) end
{%- endmacro %}

{#- A share or score of 0 to 9.99. -#}
{% macro score(expression) -%}
  {{ rounded_decimal(expression, 3, 2) }}
{%- endmacro %}

{#- How sure an enrichment is: one row per posting with the mean of each pass, missing confidences
    skipped, and how many of the 54 lie below 0.5. -#}
{% macro confidence_figures(enriched) -%}
select
  job_posting_key,
  {{ score('pass2_sum / nullif(pass2_count, 0)') }} as avg_confidence_pass2,
  {{ score('pass3_sum / nullif(pass3_count, 0)') }} as avg_confidence_pass3,
  low_confidence_count
from (
  select
    job_posting_key,
    {{ sum_present(confidences(pass2_fields())) }} as pass2_sum,
    {{ number_that(confidences(pass2_fields()), 'is not null') }} as pass2_count,
    {{ sum_present(confidences(pass3_fields())) }} as pass3_sum,
    {{ number_that(confidences(pass3_fields()), 'is not null') }} as pass3_count,
    {{ number_that(confidences(pass2_fields() + pass3_fields()), '< 0.5') }} as low_confidence_count
  from {{ enriched }}
) as sums
{%- endmacro %}

{% macro confidences(fields) -%}
  {%- set columns = [] -%}
  {%- for field in fields -%}{%- do columns.append(field[0] ~ '_confidence') -%}{%- endfor -%}
  {{ return(columns) }}
{%- endmacro %}

{% macro sum_present(columns) -%}
  {%- for column in columns -%}coalesce({{ column }}, 0){{ ' + ' if not loop.last }}{%- endfor -%}
{%- endmacro %}

{#- How many of the columns meet a condition. -#}
{% macro number_that(columns, condition) -%}
  {%- for column in columns -%}case when {{ column }} {{ condition }} then 1 else 0 end{{ ' + ' if not loop.last }}{%- endfor -%}
{%- endmacro %}
