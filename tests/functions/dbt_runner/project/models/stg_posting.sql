select job_posting_id, scraped_at from {{ source('silver', 'linkedin') }}
