{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_maturity_signal', ['maturity_signal_key', 'signal_name', 'description']) }}
