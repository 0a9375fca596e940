{{ config(tags=['bridge_group_b']) }}

-- depends_on: {{ ref('dim_certification') }}
{{ bridge('dim_certification') }}
