{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_probe_category', ['probe_key', 'category_name', 'question_topic']) }}
