{{ config(severity='warn') }}
-- Nothing is published after it was scraped.
select job_posting_key, posted_at, ingestion_timestamp
from {{ ref('fact_job_posting') }}
where posted_at > ingestion_timestamp
