{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_security_clearance',
    ['security_clearance_key', 'clearance_level', 'required'],
    unknown=false,
) }}
