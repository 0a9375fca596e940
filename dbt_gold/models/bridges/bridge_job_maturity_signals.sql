{{ config(tags=['bridge_group_b']) }}

-- depends_on: {{ ref('dim_maturity_signal') }}
{{ bridge('dim_maturity_signal') }}
