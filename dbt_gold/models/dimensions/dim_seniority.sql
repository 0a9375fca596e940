{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_seniority',
    ['seniority_key', 'seniority_level', 'seniority_order', 'years_min', 'years_max', 'is_ic'],
) }}
