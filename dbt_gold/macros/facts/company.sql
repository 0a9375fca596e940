{#- Versions of companies as half-open intervals, the first one open to the left: profiles are
    collected after the postings that they belong to. -#}
{% macro company_versions() -%}
  select
    company_key,
    company_id,
    case
      when row_number() over (partition by company_id order by effective_start_date) = 1 then cast('0001-01-01' as date)
      else effective_start_date
    end as valid_from,
    coalesce(lead(effective_start_date) over (partition by company_id order by effective_start_date), cast('9999-12-31' as date)) as valid_to
  from {{ ref('dim_company') }}
  where company_id is not null
{%- endmacro %}

{#- True where version `v` of a company was valid when the posting appeared; the last one for an
    unknown date. -#}
{% macro is_valid_at(v, posted_at) -%}
  coalesce(cast({{ posted_at }} as date), cast('9999-12-30' as date)) >= {{ v }}.valid_from
    and coalesce(cast({{ posted_at }} as date), cast('9999-12-30' as date)) < {{ v }}.valid_to
{%- endmacro %}
