{{ config(tags=['bridge_group_a']) }}

-- depends_on: {{ ref('dim_country') }}
{{ bridge('dim_country', {'ext_allowed_countries': 'allowed', 'ext_excluded_countries': 'excluded'}) }}
