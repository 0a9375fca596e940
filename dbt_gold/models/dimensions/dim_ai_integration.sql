{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_ai_integration',
    ['ai_integration_key', 'integration_level', 'integration_order'],
    unknown=false,
) }}
