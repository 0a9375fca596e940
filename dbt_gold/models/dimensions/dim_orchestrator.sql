{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_orchestrator',
    ['orchestrator_key', 'orchestrator_category', 'examples'],
    unknown=false,
) }}
