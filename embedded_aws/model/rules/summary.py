"""The summary of pass 3: closed lists and sentences, each from something found."""

from __future__ import annotations

from typing import Any

from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.facts import Facts

Analysis = dict[str, dict[str, dict[str, Any]]]
_DETAILS: dict[str, dict[str, str]] = load("summary.toml")
NO_POSTING = "The text does not read like a job posting."


def summary(facts: Facts, analysis: Analysis) -> dict[str, Any]:
    """Thirteen plain fields; empty lists and a zero score for a text that is no posting."""
    good = _strengths(facts) if facts.is_posting else []
    bad = _concerns(facts, analysis) if facts.is_posting else []
    fit = _best_fit(facts) if facts.is_posting else []
    probe = _probes(facts, analysis) if facts.is_posting else []
    leverage = _leverage(facts) if facts.is_posting else []
    score = _recommendation(len(good), len(bad)) if facts.is_posting else 0.0
    return {
        **_concept("strength", good, 5),
        **_concept("concern", bad, 4),
        **_concept("best_fit", fit, 4),
        **_concept("probe", probe, 5),
        **_concept("leverage", leverage, 3),
        "overall_assessment": _assessment(facts, good, bad) if facts.is_posting else NO_POSTING,
        "recommendation_score": score,
        "recommendation_confidence": 0.5 if facts.is_posting else 0.0,
    }


def _concept(name: str, words: list[str], limit: int) -> dict[str, list[str]]:
    kept = words[:limit]
    return {
        f"{name}_categories": kept,
        f"{name}_details": [_DETAILS[name][word] for word in kept],
    }


def _strengths(facts: Facts) -> list[str]:
    topics, risk = facts.topics, facts.topics.hits("risk")
    career = topics.first("career")
    maturity = topics.first("maturity")
    model = facts.work_model.value if facts.work_model else ""
    sponsorship = facts.authorisation.sponsorship
    rows: list[tuple[Any, str]] = [
        (facts.pay, "transparent_salary"),
        ("equity_mentioned" in facts.benefits.perks, "equity_offered"),
        (model == "remote", "remote_friendly"),
        (model == "hybrid", "hybrid_work"),
        (sponsorship and sponsorship.value == "will_sponsor", "visa_sponsorship"),
        ("modern_data_stack_adoption" in maturity, "modern_tech_stack"),
        ("cloud_native" in maturity, "cloud_native"),
        (len(facts.benefits.offered) >= 5, "strong_benefits"),
        (risk.get("balance"), "work_life_balance"),
        ("growth_explicit" in career, "career_growth_clear"),
        (topics.of("people", "learning"), "learning_opportunities"),
        (facts.experience and facts.sections.has("required"), "clear_requirements"),
        (facts.sections.has("duties"), "well_defined_role"),
        ("Team Collaboration" in facts.soft, "collaborative_culture"),
        (topics.of("people", "diverse"), "diverse_team"),
        (facts.family, "data_focused_role"),
    ]
    return [category for holds, category in rows if holds]


def _concerns(facts: Facts, analysis: Analysis) -> list[str]:
    topics, risk = facts.topics, facts.topics.hits("risk")
    found = facts.authorisation
    duration = facts.contract.duration
    flags = analysis["red_flags_and_role_quality"]
    refused = found.sponsorship and found.sponsorship.value == "will_not_sponsor"
    citizens = found.citizenship and found.citizenship.value == "us_citizen_only"
    moving = facts.geography.relocation
    rows: list[tuple[Any, str]] = [
        (not facts.pay, "salary_not_disclosed"),
        (refused, "no_visa_sponsorship"),
        (citizens, "citizenship_required"),
        (risk.get("overtime"), "on_call_expected"),
        ((flags["scope_creep_score"]["value"] or 0) >= 0.5, "scope_creep_risk"),
        (risk.get("legacy"), "legacy_technology"),
        (topics.of("creation", "backfill"), "backfill_role"),
        (risk.get("travel"), "travel_required"),
        (moving and moving.value == "yes", "relocation_required"),
        (topics.of("stage", "startup_seed"), "startup_risk"),
        (duration and duration.value <= 6, "contract_short_term"),
        (not {"duties", "required"} & set(facts.sections.kinds), "unclear_responsibilities"),
    ]
    return [category for holds, category in rows if holds]


def _best_fit(facts: Facts) -> list[str]:
    level = facts.seniority.level if facts.seniority else ""
    family = facts.family.value if facts.family else ""
    model = facts.work_model.value if facts.work_model else ""
    engineers = {"data_engineer", "data_platform_engineer"}
    early = {"intern", "entry", "junior", "associate"}
    high = {"senior", "staff", "principal", "distinguished"}
    rows: list[tuple[Any, str]] = [
        (level in high and family in engineers, "senior_data_engineers"),
        (level == "mid", "mid_level_engineers"),
        (level in early, "junior_engineers"),
        (family == "analytics_engineer", "analytics_engineers"),
        (family in {"ml_engineer", "mlops_engineer"}, "ml_engineers"),
        (family in {"data_platform_engineer", "data_architect"}, "platform_architects"),
        (facts.topics.of("specialty", "batch_etl"), "pipeline_developers"),
        (facts.topics.of("maturity", "cloud_native"), "cloud_specialists"),
        (facts.leadership and facts.leadership.value != "architect", "leadership_track"),
        (model == "remote", "remote_workers"),
        (facts.topics.of("stage", "startup_series_a_b"), "startup_enthusiasts"),
        (facts.topics.of("stage", "enterprise"), "enterprise_experienced"),
    ]
    return [category for holds, category in rows if holds]


def _probes(facts: Facts, analysis: Analysis) -> list[str]:
    people = analysis["stakeholders_and_leadership"]
    unclear = people["reporting_structure"]["value"] == "not_mentioned"
    career = facts.topics.first("career")
    rows: list[tuple[Any, str]] = [
        (not facts.pay, "salary_range_details"),
        (facts.topics.of("risk", "overtime"), "on_call_expectations"),
        (facts.team_size is None, "team_size_composition"),
        (unclear, "reporting_structure"),
        (facts.work_model is None, "remote_policy_details"),
        (facts.authorisation.sponsorship is None, "visa_sponsorship_details"),
        ("growth_explicit" not in career, "career_growth_path"),
        (facts.topics.of("risk", "legacy"), "tech_debt_situation"),
        (not facts.sections.has("duties"), "role_scope_boundaries"),
        (True, "success_metrics"),
    ]
    return [category for holds, category in rows if holds]


def _leverage(facts: Facts) -> list[str]:
    urgent = facts.topics.first("urgency")
    local = facts.geography.residency
    rows: list[tuple[Any, str]] = [
        (facts.experience, "exact_experience_match"),
        ({"immediate", "asap"} & set(urgent), "quick_availability"),
        (local and local.value == "must_be_resident", "local_candidate"),
        (facts.leadership, "leadership_experience"),
        (len(facts.hard) >= 8, "rare_skill_match"),
    ]
    return [category for holds, category in rows if holds]


def _recommendation(strengths: int, concerns: int) -> float:
    """0.5, moved by what speaks for and against; never extreme on rules alone."""
    return round(min(max(0.5 + 0.05 * min(strengths, 6) - 0.08 * concerns, 0.1), 0.8), 2)


def _assessment(facts: Facts, good: list[str], bad: list[str]) -> str:
    title = facts.document.posting.title or "The role"
    lead = f"{title}: {len(facts.hard)} technical skills named."
    plus = _DETAILS["strength"][good[0]] if good else "little in the text."
    minus = _DETAILS["concern"][bad[0]] if bad else "nothing in the text."
    return f"{lead} For it: {plus} Against it: {minus}"
