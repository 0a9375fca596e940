{#- Parses place texts by their comma-separated tokens.

    relation: anything with a column job_location. One row per distinct text with loc_city,
    loc_state, loc_country_code and loc_region. A text that names no known country has country
    `ZZ` and no state (unless it is a region of the world, which has neither); the first token
    is then the city. -#}
{% macro parsed_locations(relation) -%}
{%- set joined_tokens = location_tokens(relation) -%}
select
  job_location,
  case
    when tokens >= 3 then first_token
    when tokens = 2 and code_country is not null then first_token
    when tokens = 2 and is_state then null
    when tokens = 1 and code_country is not null then null
    when tokens = 2 then {{ without_area('first_token') }}
    when is_place then null
    else metro_token
  end as loc_city,
  case
    when place.country_code = 'ZZ' then null
    when tokens >= 3 then coalesce(middle_state, middle_token)
    when code_country is not null then code_state
    when tokens = 2 and is_state then coalesce(first_state, first_token)
    when tokens = 1 and not is_place then metro_state
  end as loc_state,
  place.country_code as loc_country_code,
  coalesce(world_region, countries.region) as loc_region
from (
  select
    found.*,
    case
      when tokens = 1 and world_region is not null then null
      when tokens >= 3 then coalesce(last_country, 'ZZ')
      when tokens = 2 then coalesce(code_country, last_country, 'ZZ')
      else coalesce(last_country, code_country, metro_country, 'ZZ')
    end as country_code,
    tokens = 1 and (world_region is not null or last_country is not null) as is_place,
    last_country is not null and (first_state is not null or {{ is_state_name('first_token') }}) as is_state
  from ({{ joined_tokens }}) as found
) as place
left join {{ ref('seed_country') }} as countries on countries.country_code = place.country_code
{%- endmacro %}

{#- The tokens of each text with what the seeds know about them. -#}
{% macro location_tokens(relation) -%}
select
  t.job_location, t.tokens, t.first_token, t.middle_token, t.metro_token,
  last_name.country_code as last_country,
  last_code.country_code as code_country,
  last_code.state_province as code_state,
  first_name.state_province as first_state,
  coalesce(middle_name.state_province, middle_code.state_province) as middle_state,
  metro.state_province as metro_state,
  metro.country_code as metro_country,
  case when t.tokens = 1 then world.region end as world_region
from (
  select split.*, {{ metropole_name('first_token') }} as metro_token
  from (
    select
      job_location,
      tokens,
      {{ part('job_location', ',', 1) }} as first_token,
      case when tokens >= 3 then {{ part('job_location', ',', 'tokens - 1') }} end as middle_token,
      {{ part('job_location', ',', 'tokens') }} as last_token
    from (
      select distinct
        job_location,
        cast(length(job_location) - length(replace(job_location, ',', '')) + 1 as integer) as tokens
      from {{ relation }}
      where job_location is not null
    ) as texts
  ) as split
) as t
left join {{ ref('seed_country_alias') }} as last_name on last_name.alias = upper(t.last_token)
left join {{ ref('seed_state') }} as last_code
  on last_code.alias = upper(t.last_token)
  and (
    (t.tokens = 2 and last_code.alias_kind = 'code')
    or (t.tokens <= 2 and last_code.alias_kind = 'name' and last_name.alias is null)
  )
left join {{ ref('seed_state') }} as first_name
  on first_name.alias = upper(t.first_token) and first_name.alias_kind = 'name'
  and first_name.country_code = last_name.country_code
left join {{ ref('seed_state') }} as middle_name
  on middle_name.alias = upper(t.middle_token) and middle_name.alias_kind = 'name'
  and middle_name.country_code = last_name.country_code
left join {{ ref('seed_state') }} as middle_code
  on middle_code.alias = upper(t.middle_token) and middle_code.alias_kind = 'code'
  and middle_code.country_code = last_name.country_code
left join {{ ref('seed_world_region') }} as world on world.alias = upper(t.first_token)
left join {{ ref('seed_metropole') }} as metro on metro.metropole = upper(t.metro_token)
{%- endmacro %}

{#- "London Area" -> "London". -#}
{% macro without_area(token) -%}
  {{ regexp_replace_all(token, '( Metropolitan)? Area$', '') }}
{%- endmacro %}

{#- "Greater Houston", "Lisbon Metropolitan Area", "Greater Paris Metropolitan Region" -> the city. -#}
{% macro metropole_name(token) -%}
  trim({{ regexp_replace_all(regexp_replace_all(token, '^(The )?(Greater )?', ''), '( Metropolitan)?( Area| Region| Metroplex)$', '') }})
{%- endmacro %}

{#- "Lagos State", "County Dublin": names of states that say so themselves. -#}
{% macro is_state_name(token) -%}
  {{ regexp_like(token, '^(County|Province of|State of|Federal Territory of) |.( State| District| County| Province)$') }}
{%- endmacro %}

{#- The marker of a posting that is remote and names no city; l = stg_linkedin, a = stg_ai_enrichment. -#}
{% macro is_remote_location(l, a) -%}
  (coalesce(lower(trim({{ a }}.ext_work_model_stated)), '') = 'remote' and {{ l }}.loc_city is null)
{%- endmacro %}

{#- Key of the place of a posting; dimension and fact both take it from here. -#}
{% macro location_key(l, a) -%}
  {{ hash_key([
    'lower(' ~ l ~ '.loc_city)',
    'lower(' ~ l ~ '.loc_state)',
    l ~ '.loc_country_code',
    l ~ '.loc_region',
    bool_text(is_remote_location(l, a)),
  ]) }}
{%- endmacro %}
