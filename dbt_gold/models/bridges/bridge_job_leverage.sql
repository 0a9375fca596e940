{{ config(tags=['bridge_group_b']) }}

-- depends_on: {{ ref('dim_leverage_category') }}
{{ bridge('dim_leverage_category') }}
