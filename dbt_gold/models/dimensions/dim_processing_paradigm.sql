{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_processing_paradigm',
    ['processing_paradigm_key', 'paradigm_name', 'real_time'],
    unknown=false,
) }}
