{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_pto_policy',
    ['pto_policy_key', 'policy_type', 'days_estimate'],
    unknown=false,
) }}
