"""Which dbt tests follow from the keys of a table."""

from typing import Any

Test = str | dict[str, Any]
Column = dict[str, str]

CRITICAL = {"tags": ["critical"]}

# Columns of Silver that seed_enum_map maps: a value it does not know is a warning.
ENUM_COLUMNS = {
    "stg_ai_enrichment": {
        "ext_education_level": "dim_education",
        "ext_pay_type": "dim_pay_type",
        "ext_start_date": "dim_start_urgency",
        "ext_geo_restriction_type": "dim_geo_restriction",
        "ext_pto_policy": "dim_pto_policy",
        "ext_security_clearance_stated": "dim_security_clearance",
        "ext_work_model_stated": "dim_work_model",
        "ext_employment_type_stated": "dim_employment_type",
        "ext_visa_sponsorship_stated": "dim_visa_status",
        "inf_citizenship_required": "dim_visa_status",
        "inf_seniority_level": "dim_seniority",
        "inf_job_family": "dim_job_family",
        "inf_w2_vs_1099": "dim_contract_type",
        "inf_primary_cloud": "dim_cloud_platform",
        "inf_leadership_expectation": "dim_leadership",
        "inf_orchestrator_category": "dim_orchestrator",
        "inf_storage_layer": "dim_storage_layer",
        "inf_processing_paradigm": "dim_processing_paradigm",
        "inf_remote_restriction": "dim_remote_restriction",
        "inf_timezone_focus": "dim_timezone",
        "inf_growth_path_clarity": "dim_growth_clarity",
        "inf_requirement_strictness": "dim_requirement_strictness",
        "inf_benefits_level": "dim_benefits_level",
        "anl_data_maturity_level": "dim_maturity_level",
        "anl_role_clarity": "dim_role_clarity",
        "anl_manager_level_inferred": "dim_manager_level",
        "anl_team_growth_velocity": "dim_team_velocity",
        "anl_reporting_structure": "dim_reporting_structure",
        "anl_ai_integration_level": "dim_ai_integration",
        "anl_company_stage_inferred": "dim_company_stage",
        "anl_team_size_signals": "dim_team_size",
        "anl_role_creation_type": "dim_hiring_context",
        "anl_hiring_urgency": "dim_hiring_urgency",
        "anl_competition_level": "dim_competition",
    },
    "stg_linkedin": {
        "job_seniority_level": "dim_seniority",
        "job_employment_type": "dim_employment_type",
    },
}


def column_tests(table: str, column: Column) -> list[Test]:
    """unique and not_null of a primary key, relationships and not_null of a foreign key (it has the
    name of the key it references), not_null of the parts of a grain, a warning on unknown values
    of an enumeration."""
    key = column["key"]
    gating = table.startswith(("fact_", "dim_"))
    tests: list[Test] = []
    if key == "pk":
        tests += [named("unique", gating), named("not_null", gating)]
    elif key.startswith("fk:"):
        linked = table.startswith(("fact_", "bridge_"))
        tests.append(named("not_null", linked))
        tests.append(relationship(key[3:], column["column"], linked))
    elif key == "nk":
        tests.append(named("not_null", table.startswith("fact_")))
    if dimension := ENUM_COLUMNS.get(table, {}).get(column["column"]):
        tests.append(
            {
                "known_silver_value": {
                    "arguments": {"dimension": dimension},
                    "config": {"severity": "warn"},
                }
            }
        )
    return tests


def model_tests(table: str, columns: list[Column]) -> list[Test]:
    """The parts of a grain are unique together; below the fact its foreign keys belong to it."""
    below_fact = table.startswith(("bridge_", "job_"))
    grain = [
        c["column"]
        for c in columns
        if c["key"] == "nk"
        or (below_fact and (c["key"].startswith("fk:") or c["column"] == "restriction_type"))
    ]
    if not grain:
        return []
    body: dict[str, Any] = {"arguments": {"columns": grain}}
    if table.startswith("fact_"):
        body["config"] = CRITICAL
    return [{"unique_combination": body}]


def named(test: str, critical: bool) -> Test:
    return {test: {"config": CRITICAL}} if critical else test


def relationship(parent: str, field: str, critical: bool) -> Test:
    body: dict[str, Any] = {"arguments": {"to": f"ref('{parent}')", "field": field}}
    if critical:
        body["config"] = CRITICAL
    return {"relationships": body}
