{{ config(tags=['bridge_group_a']) }}

-- depends_on: {{ ref('dim_best_fit_category') }}
{{ bridge('dim_best_fit_category') }}
