{#- Smart integer keys of the calendar; NULL for NULL. -#}
{% macro date_key(moment) -%}
  cast(extract(year from {{ moment }}) * 10000 + extract(month from {{ moment }}) * 100 + extract(day from {{ moment }}) as integer)
{%- endmacro %}

{% macro time_key(moment) -%}
  cast(extract(hour from {{ moment }}) * 100 + extract(minute from {{ moment }}) as integer)
{%- endmacro %}

{#- YYYYWW of the ISO week, with the ISO year (2024-12-30 is 202501). -#}
{% macro iso_week_key(moment) %}{{ return(adapter.dispatch('iso_week_key', 'gold_layer')(moment)) }}{% endmacro %}
{% macro default__iso_week_key(moment) %}cast(strftime({{ moment }}, '%G%V') as integer){% endmacro %}
{% macro redshift__iso_week_key(moment) %}cast(to_char({{ moment }}, 'IYYYIW') as integer){% endmacro %}

{#- 1 = Monday .. 7 = Sunday. -#}
{% macro iso_day_of_week(moment) -%}
  cast(case when extract(dow from {{ moment }}) = 0 then 7 else extract(dow from {{ moment }}) end as integer)
{%- endmacro %}

{% macro add_days(day, n) -%}
  cast({{ dbt.dateadd('day', n, day) }} as date)
{%- endmacro %}

{#- Start of this build, one constant for all its rows. -#}
{% macro build_started_at() -%}
  cast('{{ var("run_started_at") }}' as timestamp)
{%- endmacro %}
