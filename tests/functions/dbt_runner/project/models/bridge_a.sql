select job_posting_id, word from {{ ref('fact_posting') }} cross join {{ ref('dim_word') }}
