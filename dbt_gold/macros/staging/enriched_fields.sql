{#- What Silver-AI holds of an enriched posting. -#}

{#- Facts of pass 1; words quoted from the posting are left out. -#}
{% macro extracted_columns() -%}
  {{ return([
    'ext_salary_disclosed',
    'ext_salary_min',
    'ext_salary_max',
    'ext_salary_currency',
    'ext_salary_period',
    'ext_hourly_rate_min',
    'ext_hourly_rate_max',
    'ext_hourly_rate_currency',
    'ext_visa_sponsorship_stated',
    'ext_security_clearance_stated',
    'ext_work_model_stated',
    'ext_employment_type_stated',
    'ext_contract_type',
    'ext_contract_duration_months',
    'ext_extension_possible',
    'ext_conversion_to_fte',
    'ext_start_date',
    'ext_pay_type',
    'ext_daily_rate_min',
    'ext_daily_rate_max',
    'ext_daily_rate_currency',
    'ext_rate_negotiable',
    'ext_overtime_paid',
    'ext_must_have_hard_skills_json',
    'ext_nice_to_have_hard_skills_json',
    'ext_must_have_soft_skills_json',
    'ext_nice_to_have_soft_skills_json',
    'ext_certifications_mentioned_json',
    'ext_years_experience_min',
    'ext_years_experience_max',
    'ext_education_level',
    'ext_education_area',
    'ext_education_requirement',
    'ext_llm_genai_mentioned',
    'ext_feature_store_mentioned',
    'ext_geo_restriction_type',
    'ext_allowed_countries_json',
    'ext_excluded_countries_json',
    'ext_us_state_restrictions_json',
    'ext_residency_requirement',
    'ext_benefits_mentioned_json',
    'ext_equity_mentioned',
    'ext_learning_budget_mentioned',
    'ext_conference_budget_mentioned',
    'ext_hardware_choice_mentioned',
    'ext_pto_policy',
  ]) }}
{%- endmacro %}

{#- The 25 inferences of pass 2 and the kind of their value. Each has a confidence, an evidence and
    a source beside it. -#}
{% macro pass2_fields() -%}
  {{ return([
    ('inf_seniority_level', 'text'),
    ('inf_job_family', 'text'),
    ('inf_sub_specialty', 'text'),
    ('inf_leadership_expectation', 'text'),
    ('inf_primary_cloud', 'text'),
    ('inf_secondary_clouds', 'list'),
    ('inf_processing_paradigm', 'text'),
    ('inf_orchestrator_category', 'text'),
    ('inf_storage_layer', 'text'),
    ('inf_remote_restriction', 'text'),
    ('inf_timezone_focus', 'text'),
    ('inf_relocation_required', 'flag'),
    ('inf_h1b_friendly', 'flag'),
    ('inf_opt_cpt_friendly', 'flag'),
    ('inf_citizenship_required', 'text'),
    ('inf_w2_vs_1099', 'text'),
    ('inf_benefits_level', 'text'),
    ('inf_growth_path_clarity', 'text'),
    ('inf_mentorship_signals', 'text'),
    ('inf_promotion_path_mentioned', 'flag'),
    ('inf_internal_mobility_mentioned', 'flag'),
    ('inf_career_tracks_available', 'list'),
    ('inf_requirement_strictness', 'text'),
    ('inf_scope_definition', 'text'),
    ('inf_skill_inflation_detected', 'flag'),
  ]) }}
{%- endmacro %}

{#- The 29 judgements of pass 3, likewise. -#}
{% macro pass3_fields() -%}
  {{ return([
    ('anl_data_maturity_score', 'number'),
    ('anl_data_maturity_level', 'text'),
    ('anl_maturity_signals', 'list'),
    ('anl_scope_creep_score', 'number'),
    ('anl_overtime_risk_score', 'number'),
    ('anl_role_clarity', 'text'),
    ('anl_overall_red_flag_score', 'number'),
    ('anl_reporting_structure_clarity', 'text'),
    ('anl_manager_level_inferred', 'text'),
    ('anl_team_growth_velocity', 'text'),
    ('anl_team_composition', 'text'),
    ('anl_reporting_structure', 'text'),
    ('anl_cross_functional_embedded', 'flag'),
    ('anl_work_life_balance_score', 'number'),
    ('anl_growth_opportunities_score', 'number'),
    ('anl_tech_culture_score', 'number'),
    ('anl_tech_culture_signals', 'list'),
    ('anl_dev_practices_mentioned', 'list'),
    ('anl_innovation_signals', 'text'),
    ('anl_tech_debt_awareness', 'flag'),
    ('anl_ai_integration_level', 'text'),
    ('anl_ml_tools_expected', 'list'),
    ('anl_hiring_urgency', 'text'),
    ('anl_competition_level', 'text'),
    ('anl_company_stage_inferred', 'text'),
    ('anl_hiring_velocity', 'text'),
    ('anl_team_size_signals', 'text'),
    ('anl_funding_stage_signals', 'text'),
    ('anl_role_creation_type', 'text'),
  ]) }}
{%- endmacro %}

{#- The summary: column of Silver-AI and name in Gold. -#}
{% macro summary_columns() -%}
  {{ return([
    ('anl_strength_categories_json', 'anl_strengths_json'),
    ('anl_concern_categories_json', 'anl_concerns_json'),
    ('anl_best_fit_categories_json', 'anl_best_fit_for_json'),
    ('anl_probe_categories_json', 'anl_red_flags_to_probe_json'),
    ('anl_leverage_categories_json', 'anl_negotiation_leverage_json'),
    ('anl_recommendation_score', 'anl_recommendation_score'),
    ('anl_recommendation_confidence', 'anl_recommendation_confidence'),
  ]) }}
{%- endmacro %}

{#- Column that holds the value: lists travel as JSON text. -#}
{% macro value_column(field) -%}
  {{ return(field[0] ~ '_json' if field[1] == 'list' else field[0]) }}
{%- endmacro %}
