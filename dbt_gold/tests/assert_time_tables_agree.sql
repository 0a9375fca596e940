-- Days, weeks, months, slots and hours each count every posting with a known date once.
{% set tables = [
  'agg_daily_job_metrics', 'agg_weekly_job_metrics', 'agg_monthly_job_metrics',
  'agg_posting_time_analysis', 'agg_hourly_posting_summary',
] %}
with fact as (
  select count(*) as postings from {{ ref('fact_job_posting') }} where date_key <> -1
),

counted as (
  {% for table in tables %}
  select '{{ table }}' as table_name, coalesce(sum(job_count), 0) as postings from {{ ref(table) }}
  {{ 'union all' if not loop.last }}
  {% endfor %}
)

select counted.table_name, counted.postings, fact.postings as wanted
from counted
cross join fact
where counted.postings <> fact.postings
