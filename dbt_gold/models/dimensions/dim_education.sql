{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_education',
    ['education_key', 'education_level', 'education_order', 'typical_years'],
    unknown=false,
) }}
