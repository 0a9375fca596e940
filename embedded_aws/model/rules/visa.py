"""Visa sponsorship, work authorisation, citizenship, clearance, and how one is employed."""

from __future__ import annotations

import re

from embedded_aws.model.rules.anchored import Rule, any_of, rules
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.found import Found, first_match
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("visa.toml")
_REFUSED = Rule(_PATTERNS["refused"])
_OFFERED = Rule(_PATTERNS["offered"])
_AUTHORISED = Rule(_PATTERNS["authorised"])
_CITIZEN = Rule(_PATTERNS["citizen"])
_US_CITIZEN = any_of(_PATTERNS["us_citizen"])
_GREEN_CARD = any_of(_PATTERNS["green_card"])
_EEO = any_of(_PATTERNS["eeo"])
_CLEARANCE = Rule(_PATTERNS["clearance"])
_WISH = any_of(_PATTERNS["wish"])
_DEMANDED = re.compile(r"\b(?:must|only|required|need|mandatory)\b")
_NO_CLEARANCE = re.compile(r"\b(?:no|not) (?:\w+ ){0,3}$")
_H1B = rules(_PATTERNS["h1b"])
_OPT = rules(_PATTERNS["opt"])
_W2 = [(row["value"], Rule(row["where"])) for row in _PATTERNS["w2"]]


def find_sponsorship(document: Document) -> Found[str] | None:
    """Refusal outranks an offer, which outranks a demand of authorisation."""
    refused = _outside_eeo(document, _REFUSED)
    if refused is not None:
        return Found("will_not_sponsor", refused)
    offered = _outside_eeo(document, _OFFERED)
    if offered is not None:
        return Found("will_sponsor", offered)
    authorised = _outside_eeo(document, _AUTHORISED) or _demanded_citizenship(document)
    return Found("must_be_authorized", authorised) if authorised else None


def _demanded_citizenship(document: Document) -> Span | None:
    """A citizenship that is demanded, not only named: it implies the right to work."""
    span = _outside_eeo(document, _CITIZEN)
    if span is None:
        return None
    sentence = document.sentence(span.start)
    return span if _DEMANDED.search(document.low, sentence.start, sentence.end) else None


def find_authorisation(document: Document) -> Found[str] | None:
    """A demand of an existing permission to work, else any word on sponsorship."""
    span = _outside_eeo(document, _AUTHORISED)
    if span is not None:
        return Found("stated", span)
    sponsorship = find_sponsorship(document)
    return Found("stated", sponsorship.span) if sponsorship else None


def find_citizenship(document: Document) -> Found[str] | None:
    """`us_citizen_only`, `us_or_gc` or `other` (another country, or residents)."""
    span = _outside_eeo(document, _CITIZEN)
    if span is None:
        return None
    sentence = document.low[document.sentence(span.start).start : span.end + 80]
    green = _GREEN_CARD.search(sentence)
    if _US_CITIZEN.search(sentence):
        return Found("us_or_gc" if green else "us_citizen_only", span)
    return Found("us_or_gc" if green else "other", span)


def find_clearance(document: Document) -> Found[str] | None:
    for match in _CLEARANCE.finditer(document.low):
        span = Span(*match.span())
        sentence = document.sentence(span.start)
        if _NO_CLEARANCE.search(document.low, sentence.start, span.start):
            continue
        after = document.low[span.end : min(sentence.end, span.end + 40)]
        before = document.low[max(sentence.start, span.start - 25) : span.start]
        wished = _WISH.search(after) or _WISH.search(before)
        return Found("preferred" if wished else "required", span)
    return None


def find_h1b(document: Document) -> Found[str] | None:
    return first_match(document, _H1B)


def find_opt(document: Document) -> Found[str] | None:
    return first_match(document, _OPT)


def find_engagement(document: Document) -> Found[str] | None:
    """`w2`, `c2c`, `1099` or `any`."""
    return first_match(document, _W2)


def _outside_eeo(document: Document, rule: Rule) -> Span | None:
    """The first match outside a statement on equal opportunity."""
    for match in rule.finditer(document.low):
        start = max(document.sentence(match.start()).start, match.start() - 200)
        end = min(document.sentence(match.end() - 1).end, match.end() + 120)
        if not _EEO.search(document.low, start, max(end, match.end())):
            return Span(*match.span())
    return None
