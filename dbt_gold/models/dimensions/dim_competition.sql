{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_competition',
    ['competition_key', 'competition_level', 'competition_order'],
    unknown=false,
) }}
