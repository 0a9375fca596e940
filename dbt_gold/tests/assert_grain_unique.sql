-- The columns of an aggregation's grain are set and unique together.
{% set group = ['seniority_key', 'job_family_key'] %}
{% set market = group + ['country_code', 'work_model_key'] %}
{% set grains = {
  'agg_daily_job_metrics': ['date_key'] + market,
  'agg_weekly_job_metrics': ['week_key'] + market,
  'agg_monthly_job_metrics': ['month_key'] + market,
  'agg_skills_demand': ['week_key', 'skill_key'] + group,
  'agg_salary_benchmarks': ['month_key'] + market,
  'agg_company_hiring': ['month_key', 'company_key'],
  'agg_posting_time_analysis': ['day_of_week', 'hour_24'] + group,
  'agg_hourly_posting_summary': ['hour_24', 'timezone'],
} %}
{% for table, columns in grains.items() %}
select '{{ table }}' as table_name, count(*) as rows_found
from {{ ref(table) }}
group by {{ columns | join(', ') }}
having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{{ 'union all' if not loop.last }}
{% endfor %}
