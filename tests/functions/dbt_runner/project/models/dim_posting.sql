select * from {{ ref('stg_posting') }}
