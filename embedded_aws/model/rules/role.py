"""The role: seniority, job family and leadership, from the title first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from embedded_aws.model.rules.anchored import Rule, rules
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.experience import Experience
from embedded_aws.model.rules.found import Found
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("role.toml")
_SENIORITY = rules(_PATTERNS["seniority"])
_SEEKING_LEVEL = Rule(
    [
        r"\b(?:looking for|seeking|hiring|recherch(?:ons|e)|buscamos|suchen|role|title)\b"
        r"[^.\n\x00]{0,40}?\b(?P<level>senior|junior|principal|staff|lead|mid-level|entry-level"
        r"|sênior|júnior|associate|distinguished)\b"
    ]
)
_SEEKING_NAMES = {
    "lead": "senior",
    "mid-level": "mid",
    "entry-level": "entry",
    "sênior": "senior",
    "júnior": "junior",
}
_FAMILIES = rules(_PATTERNS["families"])
_PEOPLE = Rule(_PATTERNS["people"])
_TECH_LEAD = Rule(_PATTERNS["tech_lead"])


@dataclass(frozen=True)
class Level:
    """A seniority word with how sure it is."""

    level: str
    confidence: float
    span: Span


def find_seniority(document: Document, experience: Experience | None) -> Level | None:
    """The title's word, the word beside "looking for", or the years asked for."""
    for level, pattern in _SENIORITY:
        match = pattern.search(document.low, 0, document.title_span.end)
        if match:
            return Level(level, 0.95, Span(*match.span()))
    match = _SEEKING_LEVEL.search(document.low, document.body_start)
    if match:
        word = match.group("level")
        return Level(_SEEKING_NAMES.get(word, word), 0.8, Span(*match.span("level")))
    if experience is None:
        return None
    years = experience.minimum or 0
    level = "entry" if years < 2 else "mid" if years < 5 else "senior"
    return Level(level, 0.6, experience.span)


def find_family(document: Document) -> Found[str] | None:
    """The family that the title names first, else the first that the text names."""
    return _earliest(document, 0, document.title_span.end) or _earliest(
        document, document.body_start, len(document.low)
    )


def _earliest(document: Document, start: int, end: int) -> Found[str] | None:
    """The family named first in the range; the more special one of two at the same place."""
    named = [
        (match.start(), order, family, match)
        for order, (family, rule) in enumerate(_FAMILIES)
        if (match := rule.search(document.low, start, end))
    ]
    if not named:
        return None
    _, _, family, match = min(named, key=lambda row: row[:2])
    return Found(family, Span(*match.span()))


def find_leadership(document: Document, family: Found[str] | None) -> Found[str] | None:
    """People and technical lead from plain statements; architects by their title."""
    title = document.low[: document.title_span.end]
    people = _PEOPLE.search(document.low, document.body_start)
    manager = re.search(r"\b(?:manager|director|head of|vp|chef de projet)\b", title)
    lead = re.search(r"\b(?:lead|tech lead|principal|staff)\b", title)
    technical = _TECH_LEAD.search(document.low, document.body_start)
    if manager and people:
        return Found("people_manager", Span(*people.span()))
    if people and (lead or technical):
        return Found("tech_and_people_lead", Span(*people.span()))
    if family is not None and family.value == "data_architect":
        return Found("architect", family.span)
    if lead:
        return Found("tech_lead_ic", Span(*lead.span()))
    if people:
        return Found("people_manager", Span(*people.span()))
    return Found("tech_lead_ic", Span(*technical.span())) if technical else None
