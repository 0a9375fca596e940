{{ config(tags=['dim_static']) }}

{{ static_dimension('seed_job_family', ['job_family_key', 'job_family_name', 'sub_specialty']) }}
