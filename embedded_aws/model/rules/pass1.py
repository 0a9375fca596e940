"""Pass 1: facts that the posting states, as the schema's 59 plain fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from embedded_aws.model.rules.benefits import PERKS
from embedded_aws.model.rules.facts import Facts
from embedded_aws.model.rules.found import Found
from embedded_aws.model.rules.pay import Pay
from embedded_aws.model.rules.skills import Skill
from embedded_aws.model.rules.text import Span

Section = dict[str, Any]
NOT_MENTIONED = "not_mentioned"
_SALARY_PERIODS = ("yearly", "monthly", "hourly")


def pass1(facts: Facts) -> dict[str, Any]:
    """The response object: `extraction` with nine sections, and `metadata`."""
    extraction: dict[str, Section] = {
        "compensation": _compensation(facts),
        "work_authorization": _work_authorization(facts),
        "work_model": _work_model(facts),
        "contract_details": _contract_details(facts),
        "contractor_rates": _contractor_rates(facts),
        "skills_classified": _skills(facts),
        "geographic_restrictions": _geography(facts),
        "benefits_structured": _benefits(facts),
        "context": {
            "team_info_text": _sentence(facts, facts.team),
            "company_description_text": _sentence(facts, facts.company),
        },
    }
    values = [value for section in extraction.values() for value in section.values()]
    found = sum(value not in (None, False, [], NOT_MENTIONED) for value in values)
    metadata = {
        "extraction_complete": True,
        "fields_found": found,
        "fields_null": sum(value is None for value in values),
    }
    return {"extraction": extraction, "metadata": metadata}


def salary(facts: Facts) -> Pay | None:
    """The best statement with a period that the salary fields can hold."""
    return next((pay for pay in facts.pay if pay.period in _SALARY_PERIODS), None)


def _rate(facts: Facts, period: str) -> Pay | None:
    return next((pay for pay in facts.pay if pay.period == period), None)


def _compensation(facts: Facts) -> Section:
    yearly, hourly = salary(facts), _rate(facts, "hourly")
    return {
        "salary_disclosed": bool(facts.pay),
        "salary_min": yearly.minimum if yearly else None,
        "salary_max": yearly.maximum if yearly else None,
        "salary_currency": yearly.currency if yearly else None,
        "salary_period": yearly.period if yearly else None,
        "salary_text_raw": _text(facts, yearly.span if yearly else None),
        **_rate_fields(facts, "hourly", hourly),
    }


def _rate_fields(facts: Facts, period: str, pay: Pay | None) -> Section:
    return {
        f"{period}_rate_min": pay.minimum if pay else None,
        f"{period}_rate_max": pay.maximum if pay else None,
        f"{period}_rate_currency": pay.currency if pay else None,
        f"{period}_rate_text_raw": _text(facts, pay.span if pay else None),
    }


def _work_authorization(facts: Facts) -> Section:
    found = facts.authorisation
    return {
        "visa_sponsorship_stated": _word(found.sponsorship),
        "work_auth_text": _sentence(facts, found.authorisation),
        "citizenship_text": _sentence(facts, found.citizenship),
        "security_clearance_stated": _word(found.clearance),
    }


def _work_model(facts: Facts) -> Section:
    return {
        "work_model_stated": _word(facts.work_model),
        "location_restriction_text": _sentence(facts, facts.restriction),
        "employment_type_stated": _word(facts.employment),
    }


def _contract_details(facts: Facts) -> Section:
    found = facts.contract
    return {
        "contract_type": _word(found.kind),
        "contract_duration_months": found.duration.value if found.duration else None,
        "contract_duration_text": _text(facts, found.duration.span if found.duration else None),
        "extension_possible": _word(found.extension),
        "conversion_to_fte": _word(found.conversion),
        "start_date": _word(found.start),
        "start_date_text": _text(facts, found.start.span if found.start else None),
        "probation_period_text": _sentence(facts, found.probation),
    }


def _contractor_rates(facts: Facts) -> Section:
    best = facts.pay[0] if facts.pay else None
    pay_type = {"yearly": "salary"}.get(best.period, best.period) if best else NOT_MENTIONED
    return {
        "pay_type": pay_type,
        **_rate_fields(facts, "daily", _rate(facts, "daily")),
        "rate_negotiable": _word(facts.contract.negotiable),
        "overtime_paid": _word(facts.contract.overtime),
    }


def _skills(facts: Facts) -> Section:
    years, degree = facts.experience, facts.education
    return {
        "must_have_hard_skills": _names(facts.hard.values(), must=True),
        "nice_to_have_hard_skills": _names(facts.hard.values(), must=False),
        "must_have_soft_skills": _names(facts.soft.values(), must=True),
        "nice_to_have_soft_skills": _names(facts.soft.values(), must=False),
        "certifications_mentioned": list(facts.certificates),
        "years_experience_min": years.minimum if years else None,
        "years_experience_max": years.maximum if years else None,
        "years_experience_text": _text(facts, years.span if years else None),
        "education_level": degree.level if degree else None,
        "education_area": degree.area if degree else None,
        "education_requirement": degree.requirement if degree else NOT_MENTIONED,
        "education_text_raw": _passage(facts, degree.span if degree else None),
        "llm_genai_mentioned": bool(facts.topics.of("ai_products", "genai")),
        "feature_store_mentioned": bool(facts.topics.of("ai_products", "feature_store")),
    }


def _geography(facts: Facts) -> Section:
    found = facts.geography
    return {
        "geo_restriction_type": _word(found.restriction),
        "allowed_countries": found.allowed,
        "excluded_countries": found.excluded,
        "us_state_restrictions": found.states,
        "residency_requirement": _word(found.residency),
    }


def _benefits(facts: Facts) -> Section:
    found = facts.benefits
    return {
        "benefits_mentioned": list(found.offered),
        **{name: name in found.perks for name in PERKS},
        "pto_policy": _word(found.pto),
    }


def _names(skills: Iterable[Skill], *, must: bool) -> list[str]:
    return [skill.name for skill in skills if skill.must is must]


def _word(found: Found[str] | None) -> str:
    return found.value if found else NOT_MENTIONED


def _text(facts: Facts, span: Span | None) -> str | None:
    return facts.document.slice(span) if span else None


def _passage(facts: Facts, span: Span | None) -> str | None:
    return facts.document.passage(span, 240) if span else None


def _sentence(facts: Facts, found: Found[str] | None) -> str | None:
    return _passage(facts, found.span if found else None)
