"""Degrees: the lowest that is accepted, its field, and how firmly it is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from embedded_aws.model.rules.anchored import Rule, any_of, rules
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.found import near
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("education.toml")
_LEVELS = ("HIGH_SCHOOL", "BOOTCAMP", "ASSOCIATES", "BACHELORS", "MASTERS", "PHD")
_DEGREES = rules(_PATTERNS["degrees"])
_GENERIC = Rule(_PATTERNS["generic"])
_SHORT = re.compile(
    r"(?P<PHD>\bPHD\b)"
    r"|(?P<MASTERS>\bM\.?S\.?(?= (?:in|degree|or PhD)\b)|(?<=BS/)MS\b|(?<=BS or )MS\b"
    r"|(?<=B\.S\./)M\.S)"
    r"|(?P<BACHELORS>\bB\.?[SA]\.?(?:/B\.?[SA]\.?)?"
    r"(?= (?:in|degree|or|required|preferred)\b|/MS\b|/M\.S))"
)
_AREAS = [
    (name, any_of(rf"\b(?:{word})\b" for word in words))
    for name, words in _PATTERNS["areas"].items()
]
_EQUIVALENT = any_of(_PATTERNS["equivalent"])
_PREFERRED = any_of(_PATTERNS["preferred"])
_UNRELATED = any_of(_PATTERNS["unrelated"])


@dataclass(frozen=True)
class Education:
    """`level` in upper case, `area` or None, `requirement` as the schema names it."""

    level: str
    area: str | None
    requirement: str
    span: Span


def find_education(document: Document) -> Education | None:
    """Reads all degrees of the posting; the lowest decides, preferred ones only if alone."""
    mentions = _related(document, _degrees(document)) or _related(document, _generic(document))
    if not mentions:
        return None
    firm = [entry for entry in mentions if _strictness(document, entry[1]) != "preferred"]
    level, span = min(firm or mentions, key=lambda entry: (_LEVELS.index(entry[0]), entry[1].start))
    return Education(level, _area(document, span), _strictness(document, span), span)


def _degrees(document: Document) -> Iterator[tuple[str, Span]]:
    for level, rule in _DEGREES:
        for match in rule.finditer(document.low):
            yield level, Span(*match.span())
    for match in _SHORT.finditer(document.text):
        yield str(match.lastgroup), Span(*match.span())


def _generic(document: Document) -> Iterator[tuple[str, Span]]:
    for match in _GENERIC.finditer(document.low):
        yield "BACHELORS", Span(*match.span())


def _related(document: Document, mentions: Iterator[tuple[str, Span]]) -> list[tuple[str, Span]]:
    """The mentions that ask for a degree, not those about benefits or licences."""
    return [
        (level, span)
        for level, span in mentions
        if not near(document, span, _UNRELATED, before=30, after=30)
    ]


def _strictness(document: Document, span: Span) -> str:
    after = document.low[span.end : min(document.sentence(span.start).end, span.end + 150)]
    preferred = _PREFERRED.search(after[:70])
    if preferred and "required" not in after[: preferred.start()]:
        return "preferred"
    before = document.low[max(span.start - 30, document.sentence(span.start).start) : span.start]
    if re.search(r"prefer|ideally|bonus|desir", before):
        return "preferred"
    return "or_equivalent" if _EQUIVALENT.search(after) else "required"


def _area(document: Document, span: Span) -> str | None:
    """The field of study that the sentence names first after the degree."""
    end = min(document.sentence(span.start).end, span.end + 120)
    first: tuple[int, str] | None = None
    for name, pattern in _AREAS:
        match = pattern.search(document.low, span.end, end)
        if match is None or (len(match.group()) == 2 and not _capital(document, match)):
            continue
        if first is None or match.start() < first[0]:
            first = (match.start(), name)
    return first[1] if first else None


def _capital(document: Document, match: re.Match[str]) -> bool:
    return document.text[match.start() : match.end()].isupper()
