{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_work_model',
    ['work_model_key', 'work_model_name', 'remote_pct_min', 'remote_pct_max'],
) }}
