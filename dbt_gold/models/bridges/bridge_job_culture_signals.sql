{{ config(tags=['bridge_group_b']) }}

-- depends_on: {{ ref('dim_culture_signal') }}
{{ bridge('dim_culture_signal') }}
