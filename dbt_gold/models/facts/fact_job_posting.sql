{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='job_posting_key',
    on_schema_change='fail',
    dist='company_key',
    sort='posted_at',
) }}
-- depends_on: {{ ref('stg_linkedin') }}, {{ ref('stg_linkedin_companies') }}, {{ ref('seed_country') }}, {{ ref('seed_country_alias') }}, {{ ref('seed_state') }}, {{ ref('seed_world_region') }}, {{ ref('seed_metropole') }}, {{ source('silver', 'linkedin') }}

{% if is_incremental() %}
with postings as (
  {{ postings_to_check() }}
),

staged as (
  {{ staged_postings('postings') }}
),
{% else %}
with staged as (
  select * from {{ ref('stg_linkedin') }}
),
{% endif %}

enriched as (
  select *
  from {{ ref('stg_ai_enrichment') }}
  where has_ai_enrichment
{%- if is_incremental() %}
    and job_posting_key in (select job_posting_key from staged)
{%- endif %}
),

companies as (
  {{ company_versions() }}
),

pay as (
  {{ pay_in_usd('staged', 'enriched') }}
),

confidence as (
  {{ confidence_figures('enriched') }}
),

titles as (
  {{ normalized_titles('staged') }}
),

final as (
  select
    -- keys
    l.job_posting_key,
    case
      when l.posted_at >= cast('2020-01-01' as timestamp) and l.posted_at < cast('2031-01-01' as timestamp)
        then {{ date_key('l.posted_at') }}
      else -1
    end as date_key,
    coalesce({{ time_key('l.posted_at') }}, -1) as time_key,
    coalesce(companies.company_key, -1) as company_key,
    case when l.job_location is null then -1 else {{ location_key('l', 'a') }} end as location_key,
    {{ seniority_key('l', 'a', 'titles.title_words') }} as seniority_key,
    coalesce(family_pair_map.key, {{ enum_key('family', 'dim_job_family') }}) as job_family_key,
    coalesce(restricted_map.key, {{ enum_key('work_model', 'dim_work_model') }}) as work_model_key,
    {{ employment_type_key('l', 'a') }} as employment_type_key,
    {{ enum_key('contract_type', 'dim_contract_type') }} as contract_type_key,
    {{ enum_key('cloud_platform', 'dim_cloud_platform') }} as cloud_platform_key,
    {{ enum_key('education', 'dim_education') }} as education_key,
    {{ enum_key('pay_type', 'dim_pay_type') }} as pay_type_key,
    {{ enum_key('start_urgency', 'dim_start_urgency') }} as start_urgency_key,
    {{ enum_key('geo_restriction', 'dim_geo_restriction') }} as geo_restriction_key,
    {{ enum_key('pto_policy', 'dim_pto_policy') }} as pto_policy_key,
    {{ enum_key('security_clearance', 'dim_security_clearance') }} as security_clearance_key,
    {{ enum_key('visa_status', 'dim_visa_status') }} as visa_status_key,
    {{ enum_key('leadership', 'dim_leadership') }} as leadership_key,
    {{ enum_key('orchestrator', 'dim_orchestrator') }} as orchestrator_key,
    {{ enum_key('storage_layer', 'dim_storage_layer') }} as storage_layer_key,
    {{ enum_key('processing_paradigm', 'dim_processing_paradigm') }} as processing_paradigm_key,
    {{ enum_key('remote_restriction', 'dim_remote_restriction') }} as remote_restriction_key,
    {{ enum_key('timezone', 'dim_timezone') }} as timezone_key,
    {{ enum_key('growth_clarity', 'dim_growth_clarity') }} as growth_clarity_key,
    {{ enum_key('requirement_strictness', 'dim_requirement_strictness') }} as requirement_strictness_key,
    {{ enum_key('benefits_level', 'dim_benefits_level') }} as benefits_level_key,
    {{ enum_key('maturity_level', 'dim_maturity_level') }} as maturity_level_key,
    {{ enum_key('role_clarity', 'dim_role_clarity') }} as role_clarity_key,
    {{ enum_key('manager_level', 'dim_manager_level') }} as manager_level_key,
    {{ enum_key('team_velocity', 'dim_team_velocity') }} as team_velocity_key,
    {{ enum_key('reporting_structure', 'dim_reporting_structure') }} as reporting_structure_key,
    {{ enum_key('ai_integration', 'dim_ai_integration') }} as ai_integration_key,
    {{ enum_key('company_stage', 'dim_company_stage') }} as company_stage_key,
    {{ enum_key('team_size', 'dim_team_size') }} as team_size_key,
    {{ enum_key('hiring_context', 'dim_hiring_context') }} as hiring_context_key,
    {{ enum_key('hiring_urgency', 'dim_hiring_urgency') }} as hiring_urgency_key,
    {{ enum_key('competition', 'dim_competition') }} as competition_key,

    -- natural key
    l.job_posting_id,
    l.source_system,

    -- compensation
    l.job_num_applicants as num_applicants,
    pay.salary_min_usd,
    pay.salary_max_usd,
    cast(
      (coalesce(pay.salary_min_usd, pay.salary_max_usd) + coalesce(pay.salary_max_usd, pay.salary_min_usd)) * 0.5
      as decimal(12,2)
    ) as salary_avg_usd,
    pay.hourly_rate_min_usd,
    pay.hourly_rate_max_usd,
    pay.daily_rate_min_usd,
    pay.daily_rate_max_usd,

    -- experience and skills
    {{ rounded_integer('a.ext_years_experience_min') }} as years_experience_min,
    {{ rounded_integer('a.ext_years_experience_max') }} as years_experience_max,
    {{ json_array_length('l.skills_canonical_json') }} as skills_count,
    {{ json_array_length('a.ext_must_have_hard_skills_json') }} as required_hard_skills_count,
    {{ json_array_length('a.ext_nice_to_have_hard_skills_json') }} as nice_to_have_hard_skills_count,
    {{ json_array_length('a.ext_must_have_soft_skills_json') }} as required_soft_skills_count,
    {{ json_array_length('a.ext_nice_to_have_soft_skills_json') }} as nice_to_have_soft_skills_count,
    {{ json_array_length('a.ext_certifications_mentioned_json') }} as certifications_count,
    {{ rounded_integer('a.ext_contract_duration_months') }} as contract_duration_months,

    -- scores
    {{ score('a.anl_data_maturity_score') }} as data_maturity_score,
    {{ score('a.anl_scope_creep_score') }} as scope_creep_score,
    {{ score('a.anl_overtime_risk_score') }} as overtime_risk_score,
    {{ score('a.anl_work_life_balance_score') }} as work_life_balance_score,
    {{ score('a.anl_growth_opportunities_score') }} as growth_opportunities_score,
    {{ score('a.anl_tech_culture_score') }} as tech_culture_score,
    cast(
      case a.anl_innovation_signals when 'high' then 1.00 when 'medium' then 0.67 when 'low' then 0.33 end
      as decimal(3,2)
    ) as innovation_score,
    {{ score('a.anl_recommendation_score') }} as recommendation_score,
    {{ score('a.anl_overall_red_flag_score') }} as overall_risk_score,

    -- confidence
    confidence.avg_confidence_pass2,
    confidence.avg_confidence_pass3,
    confidence.low_confidence_count,

    -- flags
    (
      coalesce(a.ext_salary_disclosed, false)
      or pay.salary_min_usd is not null
      or pay.salary_max_usd is not null
    ) as has_salary_info,
    case
      when a.job_posting_key is not null
        then pay.hourly_rate_min_usd is not null or pay.hourly_rate_max_usd is not null
    end as has_hourly_rate,
    case
      when a.job_posting_key is not null
        then pay.daily_rate_min_usd is not null or pay.daily_rate_max_usd is not null
    end as has_daily_rate,
    a.ext_equity_mentioned as equity_offered,
    {{ flag_by_word('a.ext_visa_sponsorship_stated', ['will_sponsor'], ['will_not_sponsor', 'must_be_authorized']) }} as visa_sponsorship_available,
    a.inf_h1b_friendly as h1b_friendly,
    a.inf_opt_cpt_friendly as opt_cpt_friendly,
    {{ flag_by_word('a.ext_work_model_stated', ['remote'], ['hybrid', 'onsite']) }} as is_remote,
    {{ flag_by_word('a.ext_extension_possible', ['yes', 'likely'], ['no']) }} as extension_possible,
    {{ flag_by_word('a.ext_conversion_to_fte', ['yes_guaranteed', 'yes_possible'], ['no']) }} as conversion_to_fte,
    a.ext_llm_genai_mentioned as genai_mentioned,
    a.ext_llm_genai_mentioned as llm_genai_mentioned,
    a.ext_feature_store_mentioned as feature_store_mentioned,
    a.ext_learning_budget_mentioned as learning_budget_mentioned,
    a.ext_conference_budget_mentioned as conference_budget_mentioned,
    {{ flag_by_word('a.inf_mentorship_signals', ['explicit_yes', 'implied'], ['not_mentioned']) }} as mentorship_available,
    a.inf_promotion_path_mentioned as promotion_path_mentioned,
    {{ json_array_contains('a.anl_tech_culture_signals_json', 'open_source') }} as open_source_contributor,
    {{ json_array_contains('a.anl_tech_culture_signals_json', 'tech_blogs') }} as tech_blog_present,
    {{ json_array_contains('a.anl_tech_culture_signals_json', 'hackathons') }} as hackathons_mentioned,
    a.inf_skill_inflation_detected as skill_inflation_detected,
    {{ score('a.anl_scope_creep_score') }} >= 0.60 as scope_creep_detected,
    {{ score('a.anl_overtime_risk_score') }} >= 0.60 as overtime_likely,

    -- degenerate dimensions
    {{ cut_text('l.job_title') }} as job_title_original,
    {{ cut_text('titles.job_title_normalized') }} as job_title_normalized,
    {{ cut_text('l.url', 2048) }} as job_url,
    {{ cut_text('l.salary_currency', 256) }} as salary_currency_original,
    {{ cut_text('l.salary_period', 256) }} as salary_period_original,

    -- pipeline
    l.posted_at,
    l.ingestion_timestamp,
    {{ build_started_at() }} as dbt_updated_at,
    a.job_posting_key is not null as has_ai_enrichment,
    l.application_availability as is_application_open,
    a.enriched_at
  from staged as l
  left join enriched as a on a.job_posting_key = l.job_posting_key
  left join pay on pay.job_posting_key = l.job_posting_key
  left join confidence on confidence.job_posting_key = l.job_posting_key
  left join titles on titles.job_title = l.job_title
  left join companies
    on companies.company_id = l.company_id and {{ is_valid_at('companies', 'l.posted_at') }}
  {{ enum_join('inferred_level', 'dim_seniority', 'a.inf_seniority_level') }}
  {{ enum_join('labelled_level', 'dim_seniority', 'l.job_seniority_level') }}
  {{ enum_join('family_pair', 'dim_job_family', "a.inf_job_family || '+' || a.inf_sub_specialty") }}
  {{ enum_join('family', 'dim_job_family', 'a.inf_job_family') }}
  {{ enum_join('restricted', 'dim_work_model', "a.ext_work_model_stated || '+' || a.inf_remote_restriction") }}
  {{ enum_join('work_model', 'dim_work_model', 'a.ext_work_model_stated') }}
  {{ enum_join('labelled_employment', 'dim_employment_type', 'l.job_employment_type') }}
  {{ enum_join('stated_employment', 'dim_employment_type', 'a.ext_employment_type_stated') }}
  {{ enum_join('refined_contract', 'dim_employment_type', contract_word('a')) }}
  {{ enum_join('cloud_platform', 'dim_cloud_platform', cloud_word('a')) }}
  {{ enum_join('visa_status', 'dim_visa_status', visa_word('a')) }}
  {%- for name, column in looked_up_dimensions().items() %}
  {{ enum_join(name, 'dim_' ~ name, 'a.' ~ column) }}
  {%- endfor %}
)

{% if is_incremental() -%}
{{ rows_that_differ('final') }}
{%- else -%}
select * from final
{%- endif %}
