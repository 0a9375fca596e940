with postings as (
  {{ newest_postings() }}
)

{{ staged_postings('postings') }}
