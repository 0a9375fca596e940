{#- Level of a role. The inferred level counts first: people managers rise to manager or director
    where the title says so, and a senior is a lead where the title says so. Otherwise the label of
    the platform, of which `Mid-Senior level` is told apart by the title.

    l, a: staged posting and its enrichment; title: its title_words; the maps `inferred_level` and
    `labelled_level` are joined by enum_join. -#}
{% macro seniority_key(l, a, title) -%}
  case
    when coalesce(inferred_level_map.key, -1) <> -1 then
      case
        when {{ manages_people(a) }} and {{ title_says(title, ['director', 'head', 'vp', 'vice president']) }} then 10
        when {{ manages_people(a) }} and {{ title_says(title, ['manager']) }} then 9
        when inferred_level_map.key in (5, 6, 7) and {{ title_says(title, ['lead']) }} then 8
        else inferred_level_map.key
      end
    when lower(trim({{ l }}.job_seniority_level)) = 'mid-senior level' then
      case
        when {{ title_says(title, ['director', 'head']) }} then 10
        when {{ title_says(title, ['manager']) }} then 9
        when {{ title_says(title, ['lead']) }} then 8
        when {{ title_says(title, ['principal']) }} then 7
        when {{ title_says(title, ['staff']) }} then 6
        when {{ title_says(title, ['senior', 'sr']) }} then 5
        else labelled_level_map.key
      end
    else coalesce(labelled_level_map.key, -1)
  end
{%- endmacro %}

{% macro manages_people(a) -%}
  coalesce({{ a }}.inf_leadership_expectation, '') in ('people_manager', 'tech_and_people_lead')
{%- endmacro %}

{% macro title_says(padded, words) -%}
  ({% for word in words %}{{ padded }} like '% {{ word }} %'{{ ' or ' if not loop.last }}{% endfor %})
{%- endmacro %}
