{{ config(tags=['reconciliation']) }}
-- Silver and the fact hold the same postings in the same versions: no tolerance.
select *
from {{ ref('reconciliation_silver_gold') }}
where total_status <> 'SYNCED'
  and reconciliation_timestamp = (
    select max(reconciliation_timestamp) from {{ ref('reconciliation_silver_gold') }}
  )
