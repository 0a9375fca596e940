{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_maturity_level',
    ['maturity_level_key', 'maturity_name', 'score', 'description'],
    unknown=false,
) }}
