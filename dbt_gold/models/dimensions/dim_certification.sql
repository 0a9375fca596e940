{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_certification', ['cert_key', 'cert_name', 'vendor', 'category']) }}
