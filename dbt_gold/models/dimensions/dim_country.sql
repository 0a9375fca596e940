{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_country', ['country_key', 'country_code', 'country_name', 'region'], unknown_name='country_name') }}
