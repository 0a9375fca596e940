{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_storage_layer',
    ['storage_layer_key', 'storage_type', 'is_cloud_native'],
    unknown=false,
) }}
