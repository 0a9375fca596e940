{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_strength_category', ['strength_key', 'category_name', 'description']) }}
