{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_company_stage',
    ['company_stage_key', 'stage_name', 'typical_size', 'has_funding'],
    unknown=false,
) }}
