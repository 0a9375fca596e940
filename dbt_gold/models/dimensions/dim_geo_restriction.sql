{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_geo_restriction',
    ['geo_restriction_key', 'restriction_type', 'scope'],
    unknown=false,
) }}
