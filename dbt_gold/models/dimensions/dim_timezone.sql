{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_timezone',
    ['timezone_key', 'timezone_name', 'utc_range'],
    unknown=false,
) }}
