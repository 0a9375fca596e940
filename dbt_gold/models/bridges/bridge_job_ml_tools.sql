{{ config(tags=['bridge_group_b']) }}

-- depends_on: {{ ref('dim_ml_tool') }}
{{ bridge('dim_ml_tool') }}
