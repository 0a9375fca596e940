select postings from {{ ref('agg_posting') }}
