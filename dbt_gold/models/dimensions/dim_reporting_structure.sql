{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_reporting_structure',
    ['reporting_structure_key', 'reports_to', 'level_proximity'],
    unknown=false,
) }}
