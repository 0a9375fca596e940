{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_growth_clarity',
    ['growth_clarity_key', 'clarity_level', 'description'],
    unknown=false,
) }}
