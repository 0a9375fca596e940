{{ config(tags=['bridge_group_a']) }}

-- depends_on: {{ ref('dim_us_state') }}
{{ bridge('dim_us_state', {'ext_us_state_restrictions': 'allowed'}) }}
