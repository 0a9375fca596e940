{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_us_state', ['state_key', 'state_code', 'state_name', 'region'], unknown_name='state_name') }}
