{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_culture_signal', ['culture_signal_key', 'signal_name', 'description']) }}
