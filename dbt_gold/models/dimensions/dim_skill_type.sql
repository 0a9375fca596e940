{{ config(tags=['dim_static']) }}

{{ static_dimension('seed_skill_type', ['skill_type_key', 'skill_type_name', 'description']) }}
