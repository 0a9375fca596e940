{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_dev_practice', ['dev_practice_key', 'practice_name', 'description']) }}
