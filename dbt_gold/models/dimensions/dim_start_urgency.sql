{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_start_urgency',
    ['start_urgency_key', 'start_type', 'start_order', 'days_range'],
    unknown=false,
) }}
