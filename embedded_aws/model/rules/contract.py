"""Contract: type, duration, extension, conversion, start, probation, overtime, rate."""

from __future__ import annotations

import re

from embedded_aws.model.rules.anchored import Rule, any_of, rules
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.found import Found, first_match, near
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("contract.toml")
_TYPES = rules(_PATTERNS["types"])
_FIXED_TERM = Rule(_PATTERNS["fixed_term"])
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "nine": 9, "twelve": 12, "eighteen": 18,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sechs": 6, "seis": 6,
}  # fmt: skip
_DURATION = re.compile(
    rf"(?<![\w.,$])(?P<count>\d{{1,2}}|{'|'.join(_WORDS)})\+?(?: ?\(\d{{1,2}}\))?"
    r"(?: ?(?:-|–|to|à|bis|a) ?\d{1,2})?\+?[ -]?"
    r"(?P<unit>months?|mos?\b|mois|monate?n?|meses|mesi|maanden|years?|an\b|ans\b|jahre?)\+?"
)
_DURATION_CONTEXT = any_of(_PATTERNS["duration_context"])
_NO_DURATION = any_of(_PATTERNS["no_duration"])
_EXTENSION = rules(_PATTERNS["extension"])
_CONVERSION = rules(_PATTERNS["conversion"])
_START = rules(_PATTERNS["start"])
_PROBATION = Rule(_PATTERNS["probation"])
_OVERTIME = rules(_PATTERNS["overtime"])
_NEGOTIABLE = rules(_PATTERNS["negotiable"])


def find_contract_type(
    document: Document, employment: Found[str] | None, duration: Found[int] | None
) -> Found[str] | None:
    """Full time without a hint of a term counts as permanent."""
    stated = first_match(document, _TYPES)
    if stated is not None:
        return stated
    fixed = _FIXED_TERM.search(document.low)
    if fixed and not (employment and employment.value == "full_time" and duration is None):
        return Found("fixed_term", Span(*fixed.span()))
    if employment is None:
        return None
    if duration is not None:
        return Found("fixed_term", duration.span)
    if employment.value == "full_time":
        return Found("permanent", employment.span)
    return None


def find_duration(document: Document) -> Found[int] | None:
    """Months; the lower bound of a range; a year counts twelve."""
    for match in _DURATION.finditer(document.low):
        span = Span(*match.span())
        if not near(document, span, _DURATION_CONTEXT, 30, 25):
            continue
        if near(document, span, _NO_DURATION, 20, 25):
            continue
        written = match.group("count")
        count = int(written) if written.isdigit() else _WORDS[written]
        months = count * 12 if match.group("unit")[0] in "yaj" else count
        if 0 < months <= 60:
            return Found(months, span)
    return None


def find_extension(document: Document) -> Found[str] | None:
    return first_match(document, _EXTENSION)


def find_conversion(document: Document) -> Found[str] | None:
    return first_match(document, _CONVERSION)


def find_start(document: Document) -> Found[str] | None:
    return first_match(document, _START)


def find_probation(document: Document) -> Found[str] | None:
    return first_match(document, [("stated", _PROBATION)])


def find_overtime(document: Document) -> Found[str] | None:
    return first_match(document, _OVERTIME)


def find_negotiable(document: Document) -> Found[str] | None:
    return first_match(document, _NEGOTIABLE)
