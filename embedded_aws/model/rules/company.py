"""Sentences about the team and the company, word for word."""

from __future__ import annotations

import re

from embedded_aws.model.rules.anchored import Rule
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.found import Found
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("company.toml")
_TEAM = Rule(_PATTERNS["team"])
_COMPANY = Rule(_PATTERNS["company"])
_SIZE = Rule(_PATTERNS["size"])

_VERBS = (
    "is|are|was|has|est|é|es|ist|delivers|provides|helps|offers|specialises|specializes|builds"
    "|believes|unites|operates|empowers|accompagne|conçoit|compte|atua|betreibt|bietet|propose"
)
_LEGAL_FORM = re.compile(
    r",? (?:inc|llc|ltd|limited|gmbh|ag|se|sa|sas|b\.?v\.?|plc|corp(?:oration)?|co|group|pvt)"
    r"\.?$"
)
_WHOLE_STAFF = re.compile(r"\+? (?:\w+ )?(?:employees|colleagues|consultants|people worldwide)")


def find_team(document: Document) -> Found[str] | None:
    return _first_sentence(document, _TEAM)


def find_company(document: Document) -> Found[str] | None:
    """The first sentence that says what the company is; its own name at the start helps."""
    named = _named(document)
    found = _first_sentence(document, _COMPANY)
    if named is not None and (found is None or named.span.start <= found.span.start):
        return named
    return found


def find_team_size(document: Document) -> Found[int] | None:
    """The stated number of people in the team."""
    match = _SIZE.search(document.low)
    if match is None or _WHOLE_STAFF.match(document.low, match.end()):
        return None
    number = next(value for value in match.groups() if value)
    return Found(int(number), Span(*match.span()))


def _first_sentence(document: Document, rule: Rule) -> Found[str] | None:
    match = rule.search(document.low, document.body_start)
    if match is None:
        return None
    return Found("stated", Span(*match.span()))


def _named(document: Document) -> Found[str] | None:
    """The first statement whose subject is the company's own name."""
    name = _LEGAL_FORM.sub("", document.posting.company.lower().strip())
    if len(name) < 3:
        return None
    own = rf"(?<!\w){re.escape(name)}"
    pattern = rf"{own}(?: \w+)?,? (?:{_VERBS})\b(?! an? (?:eeo|equal))|\bat {own},? (?:we|our)\b"
    match = re.compile(pattern).search(document.low, document.body_start)
    return Found("stated", Span(*match.span())) if match else None
