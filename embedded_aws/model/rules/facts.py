"""Everything the rules find in one posting; the three passes are written from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from embedded_aws.model.rules import (
    benefits,
    company,
    contract,
    education,
    experience,
    geography,
    jobness,
    pay,
    role,
    skills,
    visa,
    work_model,
)
from embedded_aws.model.rules.certificates import find_certificates
from embedded_aws.model.rules.found import Found
from embedded_aws.model.rules.phrases import Hit
from embedded_aws.model.rules.sections import Sections, find_sections
from embedded_aws.model.rules.text import Document, Posting
from embedded_aws.model.rules.topics import Topics


@dataclass(frozen=True)
class Contract:
    """What the posting says on the terms of the contract."""

    kind: Found[str] | None
    duration: Found[int] | None
    extension: Found[str] | None
    conversion: Found[str] | None
    start: Found[str] | None
    probation: Found[str] | None
    overtime: Found[str] | None
    negotiable: Found[str] | None


@dataclass(frozen=True)
class Authorisation:
    """What the posting says on visas, citizenship and clearance."""

    sponsorship: Found[str] | None
    authorisation: Found[str] | None
    citizenship: Found[str] | None
    clearance: Found[str] | None
    h1b: Found[str] | None
    opt: Found[str] | None
    engagement: Found[str] | None


@dataclass(frozen=True)
class Facts:
    """Findings of one posting. `is_posting` false: the text is none, and most is left empty."""

    document: Document
    sections: Sections
    topics: Topics
    is_posting: bool
    hard: dict[str, skills.Skill]
    soft: dict[str, skills.Skill]
    certificates: dict[str, Hit]
    pay: list[pay.Pay]
    experience: experience.Experience | None
    education: education.Education | None
    work_model: Found[str] | None
    employment: Found[str] | None
    restriction: Found[str] | None
    contract: Contract
    authorisation: Authorisation
    geography: geography.Geography
    benefits: benefits.Benefits
    team: Found[str] | None
    team_size: Found[int] | None
    company: Found[str] | None
    seniority: role.Level | None
    family: Found[str] | None
    leadership: Found[str] | None


@lru_cache(maxsize=256)
def facts_of(posting: Posting) -> Facts:
    """Reads a posting; the three passes of one posting share the result.

    Of a text that is no posting only the role stays, if the title names one.
    """
    document = Document(posting)
    if jobness.judge(document).is_posting:
        return _read(document, document)
    title = Document(Posting(title=posting.title))
    named = role.find_family(title) is not None
    return _read(title if named else Document(Posting()), None)


def _read(document: Document, posting: Document | None) -> Facts:
    """`document` tells the role, `posting` all the rest (None: there is none)."""
    body = posting or Document(Posting())
    sections, topics = find_sections(body), Topics(body)
    years = experience.find_experience(body, sections)
    family = role.find_family(document)
    employment = work_model.find_employment_type(body)
    return Facts(
        document=document,
        sections=sections,
        topics=topics,
        is_posting=posting is not None,
        hard=skills.hard_skills(body, sections),
        soft=skills.soft_skills(body, sections),
        certificates=find_certificates(body),
        pay=pay.find_pay(body),
        experience=years,
        education=education.find_education(body),
        work_model=work_model.find_work_model(body),
        employment=employment,
        restriction=work_model.find_location_restriction(body),
        contract=_contract(body, employment),
        authorisation=_authorisation(body),
        geography=geography.find_geography(body),
        benefits=benefits.find_benefits(topics, body.low),
        team=company.find_team(body),
        team_size=company.find_team_size(body),
        company=company.find_company(body),
        seniority=role.find_seniority(document, years),
        family=family,
        leadership=role.find_leadership(body, family),
    )


def _contract(body: Document, employment: Found[str] | None) -> Contract:
    duration = contract.find_duration(body)
    return Contract(
        kind=contract.find_contract_type(body, employment, duration),
        duration=duration,
        extension=contract.find_extension(body),
        conversion=contract.find_conversion(body),
        start=contract.find_start(body),
        probation=contract.find_probation(body),
        overtime=contract.find_overtime(body),
        negotiable=contract.find_negotiable(body),
    )


def _authorisation(body: Document) -> Authorisation:
    return Authorisation(
        sponsorship=visa.find_sponsorship(body),
        authorisation=visa.find_authorisation(body),
        citizenship=visa.find_citizenship(body),
        clearance=visa.find_clearance(body),
        h1b=visa.find_h1b(body),
        opt=visa.find_opt(body),
        engagement=visa.find_engagement(body),
    )
