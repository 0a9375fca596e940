"""Pass 3: maturity, risk, people, culture, AI, timing and company in 29 wrapped fields."""

from __future__ import annotations

import re
from typing import Any

from embedded_aws.model.rules.facts import Facts
from embedded_aws.model.rules.pass2 import requirements
from embedded_aws.model.rules.phrases import Hit
from embedded_aws.model.rules.summary import summary
from embedded_aws.model.rules.text import Span
from embedded_aws.model.rules.wrapped import Earlier, Wrapped, Wrapper

_LEVELS = ("ad_hoc", "developing", "defined", "managed", "optimizing")
_ML_TOOLS = frozenset(
    {
        "scikit-learn",
        "PyTorch",
        "TensorFlow",
        "Keras",
        "XGBoost",
        "LightGBM",
        "spaCy",
        "Hugging Face",
        "LangChain",
        "LangGraph",
        "LlamaIndex",
        "MLflow",
        "Kubeflow",
        "Weights & Biases",
        "AWS SageMaker",
        "Google Vertex AI",
        "Azure Machine Learning",
        "Amazon Bedrock",
        "Azure OpenAI",
        "OpenAI",
        "OpenCV",
        "NLTK",
        "Tecton",
        "DVC",
        "Dataiku",
        "Claude",
        "GitHub Copilot",
    }
)
_DIRECTORS = "cto|cio|cdo|ceo|vp|vice president|director|head of|chief|directeur|direktor"
_TECH_LEADS = "(?:tech|team|technical) lead(?:er)?|lead (?:data )?engineer"
_MANAGERS = [
    (level, re.compile(rf"\b(?:{words})\b"))
    for level, words in (
        ("director_plus", _DIRECTORS),
        ("senior_manager", "senior manager"),
        ("tech_lead", _TECH_LEADS),
        ("manager", "manager|responsable|supervisor"),
    )
]
_STRUCTURE = {
    "director_plus": "reports_to_director_data",
    "senior_manager": "reports_to_manager",
    "manager": "reports_to_manager",
    "tech_lead": "reports_to_tech_lead",
}
_CTO = re.compile(r"\b(?:cto|chief technology officer)\b")
_REACH = 60
"""How many characters after "reports to" the manager may be named."""


def pass3(facts: Facts, earlier: Earlier) -> dict[str, Any]:
    """The response object: `analysis` with eight sections, and `summary`."""
    wrapper = Wrapper(facts, earlier)
    analysis = {
        "company_maturity": _maturity(facts, wrapper),
        "red_flags_and_role_quality": _red_flags(facts, wrapper),
        "stakeholders_and_leadership": _stakeholders(facts, wrapper),
        "tech_culture": _culture_scores(facts, wrapper),
        "tech_culture_assessment": _culture(facts, wrapper),
        "ai_ml_integration": _ai(facts, wrapper),
        "competition_and_timing": {
            "hiring_urgency": wrapper.word(
                facts.topics.first("urgency"),
                {"immediate": 0.8, "asap": 0.8, "pipeline": 0.7, "normal": 0.5},
                "start_date",
            ),
            "competition_level": wrapper.absent("not_mentioned"),
        },
        "company_context": _company(facts, wrapper),
    }
    return {"analysis": analysis, "summary": summary(facts, analysis)}


def _maturity(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    """One signal counts as developing, two or three as defined, up to five as managed."""
    signals = facts.topics.first("maturity")
    count = len(signals)
    if count == 0:
        score, level = wrapper.absent(None), wrapper.absent("not_mentioned")
    else:
        points = 2 if count == 1 else 3 if count <= 3 else 4 if count <= 6 else 5
        first = next(iter(signals.values()))
        confidence = 0.5 + 0.04 * count
        score = wrapper.state(points, confidence, first)
        level = wrapper.state(_LEVELS[points - 1], confidence, first)
    return {
        "data_maturity_score": score,
        "data_maturity_level": level,
        "maturity_signals": wrapper.words(signals, 0.75),
    }


def _red_flags(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    risk = facts.topics.hits("risk")
    hats, vague = risk.get("hats", []), risk.get("vague", [])
    creep = wrapper.absent(None)
    if hats or vague:
        score = min(0.3 + 0.2 * len(hats) + 0.1 * len(vague), 0.9)
        creep = wrapper.state(round(score, 2), 0.6, (hats or vague)[0])
    demands = requirements(facts, wrapper)
    overtime = _overtime(facts, wrapper)
    return {
        "scope_creep_score": creep,
        "overtime_risk_score": overtime,
        "role_clarity": demands["scope_definition"],
        "overall_red_flag_score": _overall(creep, overtime, demands),
    }


def _overtime(facts: Facts, wrapper: Wrapper) -> Wrapped:
    risk = facts.topics.hits("risk")
    hours, pressure, balance = (risk.get(name, []) for name in ("overtime", "pressure", "balance"))
    if hours:
        score = 0.7 if pressure else 0.6
        return wrapper.state(score, 0.7, hours[0])
    if pressure:
        return wrapper.state(0.2 if balance else 0.4, 0.6, pressure[0])
    return wrapper.state(0.1, 0.6, balance[0]) if balance else wrapper.absent(None)


def _overall(creep: Wrapped, overtime: Wrapped, demands: dict[str, Wrapped]) -> Wrapped:
    """Mean of the two scores, raised by strict or inflated demands; null without a score."""
    scores = [field for field in (creep, overtime) if field["value"] is not None]
    if not scores:
        return Wrapper.absent(None)
    value = sum(field["value"] for field in scores) / len(scores)
    value += 0.1 * (demands["requirement_strictness"]["value"] == "high")
    value += 0.1 * (demands["skill_inflation_detected"]["value"] is True)
    return {**scores[0], "value": round(min(value, 1.0), 2), "source": "combined"}


def _stakeholders(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    topics = facts.topics
    reports, matrix = topics.of("reporting", "reports"), topics.of("reporting", "matrix")
    level, structure, place = _manager(facts, reports)
    clarity = wrapper.absent("not_mentioned")
    if reports:
        word = "clear" if level else "mentioned"
        clarity = wrapper.state(word, 0.8 if level else 0.6, reports[0])
    if structure and place:
        reporting = wrapper.state(structure, 0.8, place)
    elif matrix:
        reporting = wrapper.state("matrix_reporting", 0.7, matrix[0])
    else:
        reporting = wrapper.absent("not_mentioned")
    return {
        "reporting_structure_clarity": clarity,
        "manager_level_inferred": wrapper.state(level, 0.8, place)
        if level and place
        else wrapper.absent("not_mentioned"),
        "team_growth_velocity": wrapper.word(
            topics.first("growth"), {"rapid_expansion": 0.7, "steady_growth": 0.6, "stable": 0.5}
        ),
        "team_composition": _composition(facts, wrapper),
        "reporting_structure": reporting,
        "cross_functional_embedded": wrapper.flag(topics.of("people", "cross_functional"), 0.7),
    }


def _manager(facts: Facts, reports: list[Hit]) -> tuple[str | None, str | None, Span | None]:
    """Level and structure word, and the place from "reports to" to the manager's title."""
    low = facts.document.low
    for hit in reports:
        end = min(facts.document.sentence(hit.end).end, hit.end + _REACH)
        for level, pattern in _MANAGERS:
            match = pattern.search(low, hit.end, end)
            if match:
                cto = _CTO.search(low, hit.end, end)
                structure = "reports_to_cto" if cto else _STRUCTURE[level]
                return level, structure, Span(hit.start, match.end())
    return None, None, None


def _composition(facts: Facts, wrapper: Wrapper) -> Wrapped:
    size = facts.team_size
    if size is None:
        return wrapper.absent({"team_size": None, "de_count": None, "seniority_mix": None})
    value = {"team_size": str(size.value), "de_count": None, "seniority_mix": None}
    return wrapper.state(value, 0.8, size.span, "team_info_text")


def _culture_scores(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    topics = facts.topics
    balance, strain = topics.of("risk", "balance"), topics.of("risk", "overtime")
    career = topics.first("career")
    growth = [career[name] for name in ("growth_explicit", "growth_implied") if name in career]
    growth += topics.of("people", "learning")[:1]
    signals = [*topics.first("culture").values(), *topics.first("practices").values()]
    innovation = list(topics.first("innovation").values())
    return {
        "work_life_balance_score": _score(wrapper, 0.5, balance, 0.15, strain, 0.2),
        "growth_opportunities_score": _score(wrapper, 0.4, growth, 0.15, [], 0),
        "tech_culture_score": _score(wrapper, 0.3, signals + innovation, 0.1, [], 0),
    }


def _score(
    wrapper: Wrapper, base: float, good: list[Hit], up: float, bad: list[Hit], down: float
) -> Wrapped:
    """`base` plus what speaks for it (three at most) minus what speaks against it."""
    if not good and not bad:
        return wrapper.absent(None)
    kinds = len({hit.phrase for hit in good})
    value = base + up * min(kinds, 3) - down * min(len(bad), 2)
    return wrapper.state(round(min(max(value, 0.0), 1.0), 2), 0.6, (good or bad)[0])


def _culture(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    topics = facts.topics
    return {
        "tech_culture_signals": wrapper.words(topics.first("culture"), 0.75),
        "dev_practices_mentioned": wrapper.words(topics.first("practices"), 0.8),
        "innovation_signals": wrapper.word(
            topics.first("innovation"), {"high": 0.7, "medium": 0.6}
        ),
        "tech_debt_awareness": wrapper.flag(topics.of("risk", "debt"), 0.75),
    }


def _ai(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    genai = facts.topics.of("ai_products", "genai")
    found = facts.topics.first("ai")
    if genai:
        level = wrapper.state("genai_focus", 0.8, genai[0], "llm_genai_mentioned")
    else:
        level = wrapper.word(found, {"mlops": 0.8, "advanced_ml": 0.75, "basic_ml": 0.65})
    tools = {name: facts.hard[name].first for name in facts.hard if name in _ML_TOOLS}
    return {
        "ai_integration_level": level,
        "ml_tools_expected": wrapper.words(tools, 0.8),
    }


def _company(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    topics = facts.topics
    stages = (
        "startup_seed",
        "startup_series_a_b",
        "growth_stage",
        "enterprise",
        "established_tech",
    )
    fundings = ("public", "series_b_plus", "series_a", "seed", "bootstrapped", "profitable")
    return {
        "company_stage_inferred": wrapper.word(topics.first("stage"), dict.fromkeys(stages, 0.6)),
        "hiring_velocity": wrapper.word(
            topics.first("velocity"),
            {"first_hire": 0.8, "replacement": 0.7, "aggressive": 0.7, "steady": 0.6},
        ),
        "team_size_signals": _team_size(facts, wrapper),
        "funding_stage_signals": wrapper.word(
            topics.first("funding"), dict.fromkeys(fundings, 0.7)
        ),
        "role_creation_type": wrapper.word(
            topics.first("creation"),
            {"backfill": 0.7, "new_headcount": 0.7, "new_function": 0.6, "team_expansion": 0.6},
        ),
    }


def _team_size(facts: Facts, wrapper: Wrapper) -> Wrapped:
    size = facts.team_size
    if size is None:
        return wrapper.absent("not_mentioned")
    steps = ((1, "solo"), (5, "small_2_5"), (15, "medium_6_15"), (50, "large_16_50"))
    word = next((word for limit, word in steps if size.value <= limit), "very_large_50_plus")
    return wrapper.state(word, 0.8, size.span, "team_info_text")
