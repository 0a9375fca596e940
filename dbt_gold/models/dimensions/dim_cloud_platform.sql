{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_cloud_platform',
    ['cloud_platform_key', 'cloud_platform_name', 'vendor'],
    unknown=false,
) }}
