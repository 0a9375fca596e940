{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_remote_restriction',
    ['remote_restriction_key', 'restriction_type', 'description'],
    unknown=false,
) }}
