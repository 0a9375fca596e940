"""Years of experience: the first demand of the posting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from embedded_aws.model.rules.sections import Sections
from embedded_aws.model.rules.text import Document, Span

_NUMERALS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "un": 1, "une": 1, "deux": 2, "trois": 3,
    "quatre": 4, "cinq": 5, "dos": 2, "tres": 3, "cinco": 5, "dois": 2, "zwei": 2, "drei": 3,
    "due": 2, "tre": 3, "twee": 2, "drie": 3, "jedno": 1,
}  # fmt: skip
_COUNT = rf"(?:\d{{1,2}}|{'|'.join(_NUMERALS)})"
_LEAST = re.compile(
    r"(?:\b(?:at least|at minimum|minimum(?: of)?|min\.?|over|more than|au moins|minimum de"
    r"|plus de|al menos|mínimo(?: de)?|mais de|más de|pelo menos|mindestens|almeno"
    r"|minimaal|minst|co najmniej|typically) ?|\+ ?)$"
)
_YEARS = re.compile(
    rf"(?P<low>{_COUNT})(?: ?\(\d{{1,2}}\))?(?P<plus>(?:\+| plus)?)"
    rf"(?: ?(?:-|–|—|‐|to|or|à|a|bis|até|/) ?(?P<high>{_COUNT})(?P<more>\+?))? ?\+?"
    rf"(?P<ormore> ?(?:or more|and above|et plus|o más|ou mais|oder mehr))? ?-?"
    rf"(?:full )?(?:years?|yrs?|ans|années?|años|anos|jahren?|anni|jaar|lat|års?)\b(?:'? ?\+?)"
)
_EXPERIENCE = re.compile(
    r"exp(?:erience|érience|eriencia|eriência|erienze?|\b)|esperienza|erfahrung|ervaring"
    r"|doświadcz|erfarenhet|background|hands-on|working|progressive|as an?\b|work in|developing"
    r"|building|designing|in (?:a|an|data|software|the)\b|programming|professional|industry"
    r"|engineering|knowledge|expertise|relevant"
)
_HISTORY = re.compile(
    r"\b(?:we have|we've|with more than|for over|for more than|for nearly|for the past|our|company"
    r"|founded|with over|trabalha há|há|depuis|since|seit|celebrat\w+|history|heritage|almost"
    r"|nearly|within|next|last|past|every|first|after|durée|duration)\b[^.;\n]{0,30}$"
)
_NOT_EXPERIENCE = re.compile(
    r"^ ?(?:old|ago|of age|of service|with us|contract|in business|degree|program|d'ancienneté)"
)


@dataclass(frozen=True)
class Experience:
    """Bounds in years (None when open) and the place of the phrase."""

    minimum: int | None
    maximum: int | None
    span: Span


def find_experience(document: Document, sections: Sections) -> Experience | None:
    """The first statement in a part about requirements, else the first at all."""
    other: Experience | None = None
    for match in _year_counts(document):
        experience = _read(document, match)
        if experience is None:
            continue
        if sections.at(match.start()) in {"required", ""} or not sections.has("required"):
            return experience
        if sections.at(match.start()) not in {"company", "benefits"}:
            other = other or experience
    return other


def _year_counts(document: Document) -> Iterator[re.Match[str]]:
    """Counts of years in the order of the text, looked for at its numbers only."""
    starts = sorted(
        start
        for word, places in document.places.items()
        if word in _NUMERALS or (word.isascii() and word[0].isdigit() and len(word) <= 9)
        for start in places
    )
    position = 0
    for start in starts:
        if start < position or document.low[max(start - 1, 0) : start] in set(".,$€£"):
            continue
        if match := _YEARS.match(document.low, start):
            position = match.end()
            yield match


def _read(document: Document, match: re.Match[str]) -> Experience | None:
    low = document.low
    before = low[max(match.start() - 45, 0) : match.start()]
    after = low[match.end() : match.end() + 60]
    if _HISTORY.search(before) or _NOT_EXPERIENCE.match(after):
        return None
    plus = match.group("plus") or match.group("more") or match.group("ormore")
    if not (plus or _EXPERIENCE.search(after) or _EXPERIENCE.search(before)):
        return None
    minimum = _count(match.group("low"))
    maximum = _count(match.group("high")) if match.group("high") else None
    if minimum > 40 or (maximum is not None and maximum < minimum):
        return None
    least = _LEAST.search(document.low, max(match.start() - 16, 0), match.start())
    if plus or "+" in match.group():
        maximum = None
    elif maximum is None and not least:
        maximum = minimum
    words = re.match(r"^'? ?(?:of )?(?:[\w-]+ ){0,2}?experience", after)
    end = match.end() + (words.end() if words else 0)
    start = least.start() if least else match.start()
    return Experience(minimum, maximum, document.trimmed(start, end))


def _count(written: str) -> int:
    return int(written) if written.isdigit() else _NUMERALS[written]
