{{ config(tags=['data_quality']) }}

with delays as (
  select
    job_posting_id,
    posted_at,
    ingestion_timestamp,
    cast(
      floor({{ dbt.datediff('posted_at', 'ingestion_timestamp', 'second') }} / 86400.0) as integer
    ) as days_late
  from {{ ref('fact_job_posting') }}
  where posted_at is not null
)

select
  delays.*,
  case when days_late > 7 then 'VERY_LATE' when days_late > 3 then 'LATE' else 'ON_TIME' end
    as arrival_status
from delays
where days_late > 1
order by days_late desc
