{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_pay_type',
    ['pay_type_key', 'pay_type_name', 'is_salary', 'is_hourly'],
    unknown=false,
) }}
