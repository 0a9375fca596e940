{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_hiring_context',
    ['hiring_context_key', 'context_type', 'is_growth', 'is_urgent'],
    unknown=false,
) }}
