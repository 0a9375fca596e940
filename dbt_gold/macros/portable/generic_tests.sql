{#- Fails for each combination of the columns that occurs more than once. -#}
{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as occurrences
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- Fails for each value of an enumeration that seed_enum_map does not list for the dimension: it
    would silently go to the catch-all member. -#}
{% test known_silver_value(model, column_name, dimension) %}
select distinct lower(trim(m.{{ column_name }})) as silver_value
from {{ model }} as m
left join {{ ref('seed_enum_map') }} as known
  on known.dimension = '{{ dimension }}' and known.silver_value = lower(trim(m.{{ column_name }}))
where trim(m.{{ column_name }}) <> '' and known.silver_value is null
{% endtest %}
