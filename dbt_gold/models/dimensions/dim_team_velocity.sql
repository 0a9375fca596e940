{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_team_velocity',
    ['team_velocity_key', 'velocity_type', 'growth_rate'],
    unknown=false,
) }}
