{{ config(tags=['bridge_group_a']) }}

-- depends_on: {{ ref('dim_concern_category') }}
{{ bridge('dim_concern_category') }}
