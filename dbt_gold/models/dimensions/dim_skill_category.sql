{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_skill_category',
    ['skill_category_key', 'category_name', 'skill_type', 'description', 'skill_family_key', 'skill_type_key'],
    unknown_keys=['skill_type_key', 'skill_family_key'],
) }}
