{{ config(tags=['bridge_group_b']) }}

-- depends_on: {{ ref('dim_dev_practice') }}
{{ bridge('dim_dev_practice') }}
