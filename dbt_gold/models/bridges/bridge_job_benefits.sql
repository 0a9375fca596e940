{{ config(tags=['bridge_group_a']) }}

-- depends_on: {{ ref('dim_benefit') }}
{{ bridge('dim_benefit') }}
