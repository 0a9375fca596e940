{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_role_clarity',
    ['role_clarity_key', 'clarity_level', 'red_flag_level'],
    unknown=false,
) }}
