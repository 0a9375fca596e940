{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_best_fit_category', ['best_fit_key', 'category_name', 'target_audience']) }}
