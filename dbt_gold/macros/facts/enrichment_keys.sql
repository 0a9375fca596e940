{#- Dimensions whose key is looked up from one column of the enrichment: dim_<name>, <name>_key. -#}
{% macro looked_up_dimensions() -%}
  {{ return({
    'education': 'ext_education_level',
    'pay_type': 'ext_pay_type',
    'start_urgency': 'ext_start_date',
    'geo_restriction': 'ext_geo_restriction_type',
    'pto_policy': 'ext_pto_policy',
    'security_clearance': 'ext_security_clearance_stated',
    'contract_type': 'inf_w2_vs_1099',
    'leadership': 'inf_leadership_expectation',
    'orchestrator': 'inf_orchestrator_category',
    'storage_layer': 'inf_storage_layer',
    'processing_paradigm': 'inf_processing_paradigm',
    'remote_restriction': 'inf_remote_restriction',
    'timezone': 'inf_timezone_focus',
    'growth_clarity': 'inf_growth_path_clarity',
    'requirement_strictness': 'inf_requirement_strictness',
    'benefits_level': 'inf_benefits_level',
    'maturity_level': 'anl_data_maturity_level',
    'role_clarity': 'anl_role_clarity',
    'manager_level': 'anl_manager_level_inferred',
    'team_velocity': 'anl_team_growth_velocity',
    'reporting_structure': 'anl_reporting_structure',
    'ai_integration': 'anl_ai_integration_level',
    'company_stage': 'anl_company_stage_inferred',
    'team_size': 'anl_team_size_signals',
    'hiring_context': 'anl_role_creation_type',
    'hiring_urgency': 'anl_hiring_urgency',
    'competition': 'anl_competition_level',
  }) }}
{%- endmacro %}

{#- What is said of sponsorship and citizenship, as one word of the map of dim_visa_status. -#}
{% macro visa_word(a) -%}
  case
    when {{ a }}.inf_citizenship_required in ('us_citizen_only', 'us_or_gc') then {{ a }}.inf_citizenship_required
    when {{ a }}.ext_visa_sponsorship_stated = 'will_sponsor' and {{ a }}.inf_h1b_friendly and not {{ a }}.inf_opt_cpt_friendly
      then 'will_sponsor+h1b_only'
    when {{ a }}.ext_visa_sponsorship_stated in ('will_sponsor', 'must_be_authorized', 'will_not_sponsor')
      then {{ a }}.ext_visa_sponsorship_stated
    when {{ a }}.inf_citizenship_required in ('work_auth_only', 'any') then {{ a }}.inf_citizenship_required
  end
{%- endmacro %}

{#- The main cloud; on-premises beside a secondary cloud is a word of its own. -#}
{% macro cloud_word(a) -%}
  case
    when {{ a }}.inf_primary_cloud = 'on_prem' and (
      {{ json_array_contains(a ~ '.inf_secondary_clouds_json', 'aws') }}
      or {{ json_array_contains(a ~ '.inf_secondary_clouds_json', 'azure') }}
      or {{ json_array_contains(a ~ '.inf_secondary_clouds_json', 'gcp') }}
      or {{ json_array_contains(a ~ '.inf_secondary_clouds_json', 'multi') }}
    ) then 'on_prem+cloud'
    else {{ a }}.inf_primary_cloud
  end
{%- endmacro %}

{#- A contract that is refined by its terms, as a word of the map of dim_employment_type. -#}
{% macro contract_word(a) -%}
  case
    when {{ a }}.ext_contract_type = 'contract_to_hire' then 'contract+contract_to_hire'
    when {{ a }}.inf_w2_vs_1099 = '1099' then 'contract+1099'
  end
{%- endmacro %}

{#- Employment: the label of the platform, else what the text states; contracts are refined. -#}
{% macro employment_type_key(l, a) -%}
  case
    when {{ is_contract(l, a) }} then coalesce(refined_contract_map.key, nullif(labelled_employment_map.key, -1), stated_employment_map.key)
    else coalesce(nullif(labelled_employment_map.key, -1), stated_employment_map.key, -1)
  end
{%- endmacro %}

{% macro is_contract(l, a) -%}
  (
    lower({{ l }}.job_employment_type) in ('contract', 'temporary')
    or coalesce(labelled_employment_map.key, -1) = -1 and lower({{ a }}.ext_employment_type_stated) = 'contract'
  )
{%- endmacro %}

{#- TRUE or FALSE by word, NULL for all others. -#}
{% macro flag_by_word(expression, yes, no) -%}
  case
    when {{ expression }} in ('{{ yes | join("', '") }}') then true
    when {{ expression }} in ('{{ no | join("', '") }}') then false
  end
{%- endmacro %}
