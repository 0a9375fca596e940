{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_contract_type',
    ['contract_type_key', 'contract_type_name', 'has_benefits'],
    unknown=false,
) }}
