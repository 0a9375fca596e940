{{ config(tags=['bridge_group_a']) }}

-- depends_on: {{ ref('dim_career_track') }}
{{ bridge('dim_career_track') }}
