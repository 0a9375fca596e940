{{ config(tags=['critical']) }}
-- Each of the fact's 37 foreign keys is set and names a row of its dimension.
{% set names = [
  'date', 'time', 'company', 'location', 'seniority', 'job_family', 'work_model',
  'employment_type', 'contract_type', 'cloud_platform', 'education', 'pay_type', 'start_urgency',
  'geo_restriction', 'pto_policy', 'security_clearance', 'visa_status', 'leadership',
  'orchestrator', 'storage_layer', 'processing_paradigm', 'remote_restriction', 'timezone',
  'growth_clarity', 'requirement_strictness', 'benefits_level', 'maturity_level', 'role_clarity',
  'manager_level', 'team_velocity', 'reporting_structure', 'ai_integration', 'company_stage',
  'team_size', 'hiring_context', 'hiring_urgency', 'competition',
] %}
{% for name in names %}
{% set key = name ~ '_key' %}
select '{{ key }}' as foreign_key, cast(f.{{ key }} as bigint) as key_value, count(*) as postings
from {{ ref('fact_job_posting') }} as f
left join {{ ref('dim_' ~ name) }} as d on d.{{ key }} = f.{{ key }}
where d.{{ key }} is null
group by f.{{ key }}
{{ 'union all' if not loop.last }}
{% endfor %}
