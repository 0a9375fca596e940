{{ config(tags=['dim_dynamic']) }}

{{ seeded_dimension('dim_career_track', ['career_track_key', 'track_name', 'description']) }}
