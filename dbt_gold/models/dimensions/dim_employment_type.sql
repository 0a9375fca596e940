{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_employment_type',
    ['employment_type_key', 'employment_type_name', 'is_permanent'],
) }}
