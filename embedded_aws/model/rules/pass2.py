"""Pass 2: the role, stack, place, visa, contract, career and demands in 25 wrapped fields."""

from __future__ import annotations

from typing import Any

from embedded_aws.model.rules.facts import Facts
from embedded_aws.model.rules.found import Found
from embedded_aws.model.rules.geography import is_country
from embedded_aws.model.rules.phrases import Hit
from embedded_aws.model.rules.wrapped import Earlier, Wrapped, Wrapper

_CLOUD_PREFIXES = {
    "aws": ("aws", "amazon"),
    "azure": ("azure", "microsoft fabric", "onelake"),
    "gcp": ("gcp", "google", "bigquery", "firebase"),
}
_LIST_SKILLS = "must_have_hard_skills"
_SPECIALTY_MINIMUM = 2
_TITLE_WEIGHT = 4


def pass2(facts: Facts, earlier: Earlier) -> dict[str, Any]:
    """The response object: `inference` with seven sections."""
    wrapper = Wrapper(facts, earlier)
    return {
        "inference": {
            "seniority_and_role": _role(facts, wrapper),
            "stack_and_cloud": _stack(facts, wrapper),
            "geo_and_work_model": _geography(facts, wrapper),
            "visa_and_authorization": _visa(facts, wrapper),
            "contract_and_compensation": _contract(facts, wrapper),
            "career_development": _career(facts, wrapper),
            "requirements_classification": requirements(facts, wrapper),
        }
    }


def _role(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    level, family = facts.seniority, facts.family
    in_title = family is not None and family.span.end <= facts.document.title_span.end
    return {
        "seniority_level": wrapper.state(
            level.level, level.confidence, level.span, "years_experience_min"
        )
        if level
        else wrapper.absent("not_mentioned"),
        "job_family": _stated(wrapper, family, 0.95 if in_title else 0.7),
        "sub_specialty": _specialty(facts, wrapper),
        "leadership_expectation": _stated(wrapper, facts.leadership, 0.7),
    }


def _specialty(facts: Facts, wrapper: Wrapper) -> Wrapped:
    """The specialty with most mentions, the title's counting more; ties go to the first."""
    scores: dict[str, tuple[int, Hit]] = {}
    for name, hits in facts.topics.hits("specialty").items():
        weight = sum(_TITLE_WEIGHT if hit.start < facts.document.body_start else 1 for hit in hits)
        if weight >= _SPECIALTY_MINIMUM:
            scores[name] = (weight, hits[0])
    if not scores:
        return wrapper.absent("not_mentioned")
    name = max(scores, key=lambda key: (scores[key][0], -scores[key][1].start))
    weight, hit = scores[name]
    return wrapper.state(name, 0.5 + min(weight, 6) * 0.05, hit, _LIST_SKILLS)


def _stack(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    clouds = _clouds(facts)
    primary, secondary = _ranked(clouds)
    topics = facts.topics
    return {
        "primary_cloud": _primary(facts, wrapper, clouds, primary),
        "secondary_clouds": wrapper.words({name: clouds[name][0] for name in secondary}, 0.8),
        "processing_paradigm": _paradigm(facts, wrapper),
        "orchestrator_category": _orchestrator(facts, wrapper),
        "storage_layer": _storage(wrapper, topics.first("storage")),
    }


def _clouds(facts: Facts) -> dict[str, list[Hit]]:
    """Cloud -> mentions of it and its services."""
    found: dict[str, list[Hit]] = {}
    for skill in facts.hard.values():
        for cloud, prefixes in _CLOUD_PREFIXES.items():
            if skill.name.lower().startswith(prefixes):
                found.setdefault(cloud, []).extend(skill.hits)
    return {cloud: sorted(hits, key=lambda hit: hit.start) for cloud, hits in found.items()}


def _ranked(clouds: dict[str, list[Hit]]) -> tuple[str | None, list[str]]:
    """The dominant cloud, or `multi`, and the others."""
    order = sorted(clouds, key=lambda name: (-len(clouds[name]), clouds[name][0].start))
    if not order:
        return None, []
    if len(order) > 1 and len(clouds[order[0]]) < max(2 * len(clouds[order[1]]), 3):
        return "multi", order
    return order[0], order[1:]


def _primary(
    facts: Facts, wrapper: Wrapper, clouds: dict[str, list[Hit]], primary: str | None
) -> Wrapped:
    if primary is None:
        on_prem = facts.topics.first("on_prem")
        return wrapper.word(on_prem, {"on_prem": 0.8})
    if primary == "multi":
        first = min((hits[0] for hits in clouds.values()), key=lambda hit: hit.start)
        return wrapper.state("multi", 0.8, first, _LIST_SKILLS)
    named = [hit for hit in clouds[primary] if primary in hit.phrase]
    return wrapper.state(primary, 0.9, (named or clouds[primary])[0], _LIST_SKILLS)


def _paradigm(facts: Facts, wrapper: Wrapper) -> Wrapped:
    found = facts.topics.first("paradigm")
    if len(found) == 2:
        return wrapper.state("hybrid", 0.7, found["streaming"])
    return wrapper.word(found, {"streaming": 0.8, "batch": 0.8})


def _orchestrator(facts: Facts, wrapper: Wrapper) -> Wrapped:
    found = facts.topics.first("orchestrator")
    for name, family in (("Prefect", "dagster_prefect"), ("Google Cloud Composer", "cloud_native")):
        if name in facts.hard:
            found.setdefault(family, facts.hard[name].first)
    order = ("airflow_like", "dagster_prefect", "cloud_native", "spark_native", "dbt_core")
    return wrapper.word(found, dict.fromkeys(order, 0.85), _LIST_SKILLS)


def _storage(wrapper: Wrapper, found: dict[str, Hit]) -> Wrapped:
    if "lakehouse" in found:
        return wrapper.state("lakehouse", 0.8, found["lakehouse"])
    if len(found) > 1:
        return wrapper.state("mixed", 0.7, next(iter(found.values())))
    return wrapper.word(found, {"warehouse": 0.85, "lake": 0.8})


def _geography(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    found = facts.geography
    relocation = found.relocation
    return {
        "remote_restriction": _remote_restriction(facts, wrapper),
        "timezone_focus": _stated(wrapper, found.zone, 0.8),
        "relocation_required": wrapper.state(
            relocation.value == "yes", 0.8, relocation.span, "residency_requirement"
        )
        if relocation
        else wrapper.absent(None),
    }


def _remote_restriction(facts: Facts, wrapper: Wrapper) -> Wrapped:
    """Only for work that may be remote: tied to a country, region or time zone, or free."""
    if facts.work_model is None or facts.work_model.value != "remote":
        return wrapper.absent("not_mentioned")
    limit, zone = facts.geography.restriction, facts.geography.zone
    if limit is not None:
        words = {"global": "anywhere", "latam_only": "same_region", "eu_only": "same_region",
                 "apac_only": "same_region"}  # fmt: skip
        word = words.get(limit.value, "same_country")
        confidence = {"anywhere": 0.9, "same_region": 0.7}.get(word, 0.8)
        return wrapper.state(word, confidence, limit.span, "geo_restriction_type")
    if zone is not None and zone.value != "global":
        return wrapper.state("same_timezone", 0.8, zone.span)
    if is_country(facts.document.posting.location):
        return wrapper.state("same_country", 0.6, facts.document.location_span)
    return wrapper.absent("not_mentioned")


def _visa(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    found = facts.authorisation
    basis = "visa_sponsorship_stated"
    sponsorship = found.sponsorship
    h1b, opt = wrapper.absent(None), wrapper.absent(None)
    if found.h1b is not None:
        h1b = wrapper.state(found.h1b.value == "yes", 0.9, found.h1b.span)
    elif sponsorship is not None and sponsorship.value != "must_be_authorized":
        offered = sponsorship.value == "will_sponsor"
        h1b = wrapper.state(offered, 0.7, sponsorship.span, basis)
    if found.opt is not None:
        opt = wrapper.state(found.opt.value == "yes", 0.9, found.opt.span)
    return {
        "h1b_friendly": h1b,
        "opt_cpt_friendly": opt,
        "citizenship_required": _citizenship(facts, wrapper),
    }


def _citizenship(facts: Facts, wrapper: Wrapper) -> Wrapped:
    found = facts.authorisation
    if found.citizenship is not None and found.citizenship.value != "other":
        return wrapper.state(
            found.citizenship.value, 0.9, found.citizenship.span, "citizenship_text"
        )
    sponsorship = found.sponsorship
    if sponsorship is not None and sponsorship.value == "must_be_authorized":
        return wrapper.state("work_auth_only", 0.8, sponsorship.span, "work_auth_text")
    if sponsorship is not None and sponsorship.value == "will_sponsor":
        return wrapper.state("any", 0.6, sponsorship.span, "visa_sponsorship_stated")
    return wrapper.absent("not_mentioned")


def _contract(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    return {
        "w2_vs_1099": _stated(wrapper, facts.authorisation.engagement, 0.9),
        "benefits_level": _benefits_level(facts, wrapper),
    }


def _benefits_level(facts: Facts, wrapper: Wrapper) -> Wrapped:
    found = facts.benefits
    if not found.offered:
        return wrapper.absent("not_mentioned")
    first = next(iter(found.offered.values()))
    if len(found.premium) >= 3:
        return wrapper.state("comprehensive", 0.8, found.premium[0], "benefits_mentioned")
    if len(found.offered) >= 8:
        return wrapper.state("comprehensive", 0.7, first, "benefits_mentioned")
    level, confidence = ("standard", 0.7) if len(found.offered) > 1 else ("basic", 0.6)
    return wrapper.state(level, confidence, first, "benefits_mentioned")


def _career(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    found = facts.topics.first("career")
    growth = {"explicit": "growth_explicit", "implied": "growth_implied"}
    mentorship = {"explicit_yes": "mentorship_explicit", "implied": "mentorship_implied"}
    tracks = ("ic_track", "management_track", "specialist_track", "architect_track")
    return {
        "growth_path_clarity": wrapper.word(
            _renamed(found, growth), {"explicit": 0.8, "implied": 0.6}
        ),
        "mentorship_signals": wrapper.word(
            _renamed(found, mentorship), {"explicit_yes": 0.9, "implied": 0.6}
        ),
        "promotion_path_mentioned": wrapper.flag(facts.topics.of("career", "promotion"), 0.8),
        "internal_mobility_mentioned": wrapper.flag(facts.topics.of("career", "mobility"), 0.8),
        "career_tracks_available": wrapper.words(
            {name: found[name] for name in tracks if name in found}, 0.8
        ),
    }


def _renamed(found: dict[str, Hit], names: dict[str, str]) -> dict[str, Hit]:
    return {word: found[topic] for word, topic in names.items() if topic in found}


def requirements(facts: Facts, wrapper: Wrapper) -> dict[str, Wrapped]:
    """The fields on how strict, clear and realistic the demands are."""
    return {
        "requirement_strictness": _strictness(facts, wrapper),
        "scope_definition": _scope(facts, wrapper),
        "skill_inflation_detected": _inflation(facts, wrapper),
    }


def _strictness(facts: Facts, wrapper: Wrapper) -> Wrapped:
    """Tone first (an invitation to apply anyway, or several musts), then must against nice."""
    low, high = facts.topics.of("strictness", "low"), facts.topics.of("strictness", "high")
    if low:
        return wrapper.state("low", 0.7, low[0])
    must = [skill for skill in facts.hard.values() if skill.must]
    nice = [skill for skill in facts.hard.values() if not skill.must]
    if len(high) >= 3 and len(must) >= 3 * len(nice):
        return wrapper.state("high", 0.8, high[0], _LIST_SKILLS)
    if high or nice:
        return wrapper.state("medium", 0.7, high[0] if high else nice[0].first, _LIST_SKILLS)
    return wrapper.absent("not_mentioned")


def _scope(facts: Facts, wrapper: Wrapper) -> Wrapped:
    hats = facts.topics.of("risk", "hats")
    if hats:
        return wrapper.state("multi_role", 0.6, hats[0])
    duties = facts.sections.heading("duties")
    if duties is not None and facts.sections.has("required"):
        return wrapper.state("clear", 0.7, duties)
    return wrapper.absent("not_mentioned")


def _inflation(facts: Facts, wrapper: Wrapper) -> Wrapped:
    """Years against the level of the title; null where either is not stated."""
    years, level = facts.experience, facts.seniority
    if years is None or level is None or level.span == years.span or years.minimum is None:
        return wrapper.absent(None)
    limits = {"intern": 1, "entry": 2, "junior": 3, "associate": 4, "mid": 7}
    limit = limits.get(level.level)
    inflated = limit is not None and years.minimum > limit
    return wrapper.state(inflated, 0.7, years.span, "years_experience_min")


def _stated(wrapper: Wrapper, found: Found[str] | None, confidence: float) -> Wrapped:
    if found is None:
        return wrapper.absent("not_mentioned")
    return wrapper.state(found.value, confidence, found.span)
