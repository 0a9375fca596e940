{{ config(tags=['critical', 'reconciliation']) }}
-- The newest build wrote what Silver had for it, give or take 50 postings.
select *
from {{ ref('reconciliation_silver_gold') }}
where delta_status = 'ALERT'
  and reconciliation_timestamp = (
    select max(reconciliation_timestamp) from {{ ref('reconciliation_silver_gold') }}
  )
