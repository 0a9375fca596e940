-- Static dimensions have as many members as specified, with the unknown member.
{% set members = {
  'date': 4019, 'time': 1441, 'seniority': 11, 'job_family': 14, 'work_model': 6,
  'employment_type': 7, 'contract_type': 5, 'cloud_platform': 7, 'skill_type': 4,
  'skill_category': 18, 'skill_family': 12, 'education': 7, 'pay_type': 8, 'start_urgency': 6,
  'geo_restriction': 8, 'pto_policy': 5, 'security_clearance': 3, 'visa_status': 8,
  'leadership': 6, 'orchestrator': 7, 'storage_layer': 6, 'processing_paradigm': 5,
  'remote_restriction': 5, 'timezone': 6, 'growth_clarity': 4, 'requirement_strictness': 4,
  'benefits_level': 4, 'maturity_level': 6, 'role_clarity': 4, 'manager_level': 5,
  'team_velocity': 4, 'reporting_structure': 6, 'ai_integration': 6, 'company_stage': 6,
  'team_size': 6, 'hiring_context': 6, 'hiring_urgency': 5, 'competition': 5,
} %}
{% for name, wanted in members.items() %}
select 'dim_{{ name }}' as dimension, count(*) as members, {{ wanted }} as wanted
from {{ ref('dim_' ~ name) }}
having count(*) <> {{ wanted }}
{{ 'union all' if not loop.last }}
{% endfor %}
