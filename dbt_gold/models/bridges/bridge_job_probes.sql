{{ config(tags=['bridge_group_b']) }}

-- depends_on: {{ ref('dim_probe_category') }}
{{ bridge('dim_probe_category') }}
