{#- Figures of postings per period, level, family, country and work model. Every period is counted
    from the postings: medians of days do not add up to the median of a month.

    key     name of the period's column
    period  the period of a row of `postings` (see dated_postings) -#}
{% macro job_metrics(key, period) -%}
with postings as (
  {{ dated_postings() }}
)

select
  {{ period }} as {{ key }},
  seniority_key,
  job_family_key,
  country_code,
  work_model_key,
  cast(count(*) as integer) as job_count,
  {{ count_where('has_salary_info') }} as jobs_with_salary,
  {{ count_where('is_remote') }} as jobs_remote,
  {{ count_where('visa_sponsorship_available') }} as jobs_visa_sponsor,
  cast(sum(num_applicants) as bigint) as total_applicants,
  {{ mean('salary_avg_usd', 12, 2) }} as salary_avg,
  {{ percentile('salary_avg_usd', 0.5, 12, 2) }} as salary_median,
  {{ percentile('salary_avg_usd', 0.25, 12, 2) }} as salary_p25,
  {{ percentile('salary_avg_usd', 0.75, 12, 2) }} as salary_p75,
  {{ mean('recommendation_score', 5, 4) }} as avg_recommendation_score
from postings
group by {{ period }}, seniority_key, job_family_key, country_code, work_model_key
{%- endmacro %}
