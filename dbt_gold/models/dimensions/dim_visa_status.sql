{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_visa_status',
    ['visa_status_key', 'visa_category', 'h1b_friendly', 'opt_cpt_friendly', 'citizenship_required'],
    unknown=false,
) }}
