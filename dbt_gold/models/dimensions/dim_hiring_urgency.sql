{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_hiring_urgency',
    ['hiring_urgency_key', 'urgency_type', 'priority'],
    unknown=false,
) }}
