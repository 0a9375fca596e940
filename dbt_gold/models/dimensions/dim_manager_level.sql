{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_manager_level',
    ['manager_level_key', 'manager_type', 'seniority_order'],
    unknown=false,
) }}
