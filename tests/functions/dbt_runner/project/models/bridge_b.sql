select job_posting_id {{ env_var('SMALL_BRIDGE_COLUMN', '') }} from {{ ref('fact_posting') }}
