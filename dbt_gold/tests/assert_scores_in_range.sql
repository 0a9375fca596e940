-- Scores lie between 0 and 1, data maturity between 1 and 5.
{% set fact_scores = [
  'scope_creep_score', 'overtime_risk_score', 'work_life_balance_score',
  'growth_opportunities_score', 'tech_culture_score', 'innovation_score', 'recommendation_score',
  'overall_risk_score', 'avg_confidence_pass2', 'avg_confidence_pass3',
] %}
{% for score in fact_scores %}
select '{{ score }}' as score, cast({{ score }} as double precision) as found
from {{ ref('fact_job_posting') }}
where {{ score }} not between 0 and 1
union all
{% endfor %}
select 'data_maturity_score' as score, cast(data_maturity_score as double precision) as found
from {{ ref('fact_job_posting') }}
where data_maturity_score not between 1 and 5
{% for score in ['competition_score', 'recommendation_score'] %}
union all
select '{{ score }}' as score, cast({{ score }} as double precision) as found
from {{ ref('agg_posting_time_analysis') }}
where {{ score }} not between 0 and 1
{% endfor %}
