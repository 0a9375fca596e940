{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_ml_tool', ['ml_tool_key', 'tool_name', 'vendor', 'category']) }}
