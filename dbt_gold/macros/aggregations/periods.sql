{#- Postings whose publication date is known, with their country: what the time tables count. -#}
{% macro dated_postings() -%}
  select
    f.*,
    cast(floor(f.date_key / 100.0) as integer) as month_key,
    coalesce(l.country_code, 'ZZ') as country_code
  from {{ ref('fact_job_posting') }} as f
  inner join {{ ref('dim_location') }} as l on l.location_key = f.location_key
  where f.date_key <> -1
{%- endmacro %}

{#- The month `back` months before a month_key (YYYYMM), at most 12. -#}
{% macro month_before(month_key, back) -%}
  case
    when mod({{ month_key }}, 100) > {{ back }} then {{ month_key }} - {{ back }}
    else {{ month_key }} - {{ back }} - 88
  end
{%- endmacro %}
