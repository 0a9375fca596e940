{{ config(tags=['dim_static']) }}

{{ static_dimension(
    'seed_leadership',
    ['leadership_key', 'leadership_level', 'is_ic', 'manages_people', 'manages_tech'],
    unknown=false,
) }}
