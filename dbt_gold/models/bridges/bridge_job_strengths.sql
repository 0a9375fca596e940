{{ config(tags=['bridge_group_a']) }}

-- depends_on: {{ ref('dim_strength_category') }}
{{ bridge('dim_strength_category') }}
