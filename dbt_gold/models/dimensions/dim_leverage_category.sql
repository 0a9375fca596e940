{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_leverage_category', ['leverage_key', 'category_name', 'negotiation_power']) }}
