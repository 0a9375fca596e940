{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_team_size',
    ['team_size_key', 'team_size_bucket', 'min_size', 'max_size'],
    unknown=false,
) }}
