{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_concern_category', ['concern_key', 'category_name', 'risk_level']) }}
