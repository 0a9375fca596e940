{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_requirement_strictness',
    ['requirement_strictness_key', 'strictness_level', 'flexibility'],
    unknown=false,
) }}
