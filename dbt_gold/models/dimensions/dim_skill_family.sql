{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_skill_family',
    ['skill_family_key', 'family_name', 'skill_type', 'categories_included', 'skill_type_key'],
    unknown_keys=['skill_type_key'],
) }}
