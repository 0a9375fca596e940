{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_benefits_level',
    ['benefits_level_key', 'level_name', 'score_range'],
    unknown=false,
) }}
