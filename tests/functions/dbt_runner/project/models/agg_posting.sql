select count(*) as postings from {{ ref('fact_posting') }}
