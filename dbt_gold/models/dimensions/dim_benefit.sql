{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_benefit', ['benefit_key', 'benefit_name', 'category']) }}
