"""Hard and soft skills: where they stand, and whether the posting demands or wishes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.phrases import Hit, PhraseIndex
from embedded_aws.model.rules.sections import Sections
from embedded_aws.model.rules.text import Document

_SOFT = load("soft_skills.toml")
_TABLES = load("skills.toml")
_CONTEXT: dict[str, str] = _TABLES.pop("context")
_EXCLUSIVE: set[str] = set(_TABLES.pop("exclusive")["names"])

FAMILY: dict[str, str] = {name: family for family, entries in _TABLES.items() for name in entries}


def _typewriter(phrase: str) -> str:
    return phrase.replace("’", "'")


_HARD_BY_ALIAS: dict[str, list[str]] = {}
for _entries in _TABLES.values():
    for _name, _aliases in _entries.items():
        for _alias in _aliases:
            _HARD_BY_ALIAS.setdefault(_typewriter(_alias), []).append(_name)
_SOFT_BY_ALIAS: dict[str, str] = {
    _typewriter(phrase): name for name, phrases in _SOFT["phrases"].items() for phrase in phrases
}
_HARD = PhraseIndex([*_HARD_BY_ALIAS, *_EXCLUSIVE])
_SOFT_INDEX = PhraseIndex(_SOFT_BY_ALIAS)

_MUST_WORDS = (
    "strong|proven|expert|expertise|solid|deep|extensive|required|must|essential|mandatory"
    "|hands-on|proficien\\w+|mastery|advanced|excellent|exceptional|demonstrated|minimum"
    "|experience (?:with|in|using|of)|years|maîtrise|expérience|experiencia|experiência"
    "|dominio|domínio|sehr gute|fundierte|confirmée?|solides?"
)
_NICE_WORDS = (
    "familiar(?:ity)?|exposure|awareness|(?:basic|functional|general) (?:understanding|knowledge)"
    "|nice[- ]to[- ]have|preferred|preferably|preference|bonus|a plus|an asset|ideally|desirable"
    "|optional(?:ly)?|good to have|advantage(?:ous)?|would be great|un plus|serait un plus|un atout"
    "|souhaitée?s?|appréciée?s?|idéalement|deseable|valorable|desejável|diferencial|von vorteil"
    "|wünschenswert|interest in|beneficial"
)
_NICE_AFTER = re.compile(
    r"^[^.;•●\n\x00]{0,60}?\b(?:preferred|is a (?:big |strong |huge |definite )?plus|a plus|plus\b"
    r"|nice[- ]to[- ]have|is a bonus|desirable|is an asset|an asset|optional|is an advantage"
    r"|would be (?:a plus|great|beneficial|an advantage|ideal)|beneficial|advantageous"
    r"|serait un plus|est un plus|sont un plus|un atout|appréciée?s?|souhaitée?s?|von vorteil"
    r"|wünschenswert|deseable|desejável)\b"
)
_QUALIFIER = re.compile(rf"\b(?:(?P<must>{_MUST_WORDS})|(?P<nice>{_NICE_WORDS}))\b")
_SOFT_NICE = re.compile(r"\b(?:good|basic|some|preferred|bonus|plus|nice to have|ideally)\b")
_SOFT_MUST = re.compile(
    r"\b(?:strong|excellent|exceptional|proven|demonstrated|required|must|essential|outstanding)\b"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_CLAUSE = re.compile(r"[.;•●▪\n\x00]\s")
_LISTED_BEFORE = re.compile(
    r"(?:[,/(;:&|•●+\n]|\b(?:and|or|in|with|using|like|as|of|et|ou|en|y|e|und|oder|mit|avec|con|com"
    r"|especially|including|e\.g\.|etc|strong|solid|good|advanced|knowledge|know|proficient"
    r"|expert)) ?$"
)
_NAMED_BEFORE = re.compile(
    r"\b(?:experience (?:with|in)|written in|programming in|proficien(?:t|cy) in|developed in) $"
)
_LISTED_AFTER = re.compile(
    r"^ ?(?:[,/);.|&\n\x00]|$|\b(?:and|or|et|ou|y|e|und|oder|programming|language|languages"
    r"|code|scripting|developer|development|skills|experience|is|preferred|lang)\b)"
)


@dataclass
class Skill:
    """A skill found in the text: its mentions, and the wish or demand they express."""

    name: str
    family: str
    hits: list[Hit] = field(default_factory=list)
    must: bool = True

    @property
    def first(self) -> Hit:
        return self.hits[0]


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """Canonical name -> the phrases that stand for it, in lower case."""
    found: dict[str, set[str]] = {}
    for alias, names in _HARD_BY_ALIAS.items():
        for name in names:
            found.setdefault(name, set()).update({alias, alias.replace("'", "’")})
    for alias, name in _SOFT_BY_ALIAS.items():
        found.setdefault(name, set()).update({alias, alias.replace("'", "’")})
    return {name: tuple(sorted(values)) for name, values in found.items()}


def hard_skills(document: Document, sections: Sections) -> dict[str, Skill]:
    """Canonical name -> skill, in the order of first mention."""
    hits = list(_plain_hits(document))
    firm = {(hit.start, hit.end) for hit in hits if hit.phrase not in _CONTEXT}
    found: dict[str, Skill] = {}
    for hit in hits:
        rule = _CONTEXT.get(hit.phrase)
        if rule is not None and not _holds(rule, document, hit, firm):
            continue
        for name in _HARD_BY_ALIAS[hit.phrase]:
            found.setdefault(name, Skill(name, FAMILY[name])).hits.append(hit)
    for skill in found.values():
        skill.must = _is_must(document, sections, skill.hits)
    return found


def soft_skills(document: Document, sections: Sections) -> dict[str, Skill]:
    """One of the canonical soft skills -> skill, in the order of first mention."""
    found: dict[str, Skill] = {}
    taken: tuple[int, int] = (-1, -1)
    for hit in _SOFT_INDEX.find(document):
        if hit.start < taken[1] or _about_else(document, hit):
            continue
        taken = (hit.start, hit.end)
        name = _SOFT_BY_ALIAS[hit.phrase]
        found.setdefault(name, Skill(name, "soft_skills")).hits.append(hit)
    for skill in found.values():
        skill.must = any(_soft_must(document, sections, hit) for hit in skill.hits)
    return found


def _plain_hits(document: Document) -> Iterator[Hit]:
    """Hits whose place no longer, unrelated name claims."""
    blocked = -1
    for hit in _HARD.find(document):
        if hit.start == blocked:
            continue
        if hit.phrase in _EXCLUSIVE:
            blocked = hit.start
        if hit.phrase in _HARD_BY_ALIAS:
            yield hit


def _holds(rule: str, document: Document, hit: Hit, firm: set[tuple[int, int]]) -> bool:
    written = document.text[hit.start : hit.end]
    if rule == "upper":
        return written.isupper()
    if rule == "capital":
        return written[0].isupper() or _in_list(document, hit, firm)
    return written[0].isupper() and (
        _in_list(document, hit, firm) or _is_named(document.low[: hit.start])
    )


def _is_named(before: str) -> bool:
    """True after words that are followed by nothing but a skill."""
    return bool(_NAMED_BEFORE.search(before[-24:]))


def _in_list(document: Document, hit: Hit, firm: set[tuple[int, int]]) -> bool:
    """A short word counts where it stands like an item and a known skill stands near."""
    low = document.low
    before, after = low[max(hit.start - 14, 0) : hit.start], low[hit.end : hit.end + 14]
    if after[:1] in {"+", "#", "&", "'", "-"} or before[-1:] in {"&", "'", "-", "."}:
        return False
    opened = not before.strip() or bool(_LISTED_BEFORE.search(before))
    closed = bool(_LISTED_AFTER.match(after))
    if not opened:
        return False
    near = any(hit.start - 40 <= start < hit.end + 40 for start, _ in firm)
    return near and (closed or any(0 < hit.start - end <= 6 for _, end in firm))


def _clause_before(document: Document, hit: Hit) -> str:
    """What the same clause says before the hit, at most 140 characters."""
    window = document.low[max(hit.start - 140, document.sentence(hit.start).start) : hit.start]
    breaks = list(_CLAUSE.finditer(window))
    return window[breaks[-1].end() :] if breaks else window


def _verdict(document: Document, sections: Sections, hit: Hit) -> str:
    """`must`, `nice` or `free` (no qualifier, in a part about duties or the company)."""
    qualifiers = list(_QUALIFIER.finditer(_clause_before(document, hit)))
    if _NICE_AFTER.match(document.low[hit.end : document.sentence(hit.start).end]):
        return "nice"
    if qualifiers:
        return "must" if qualifiers[-1].group("must") else "nice"
    kind = sections.at(hit.start)
    if kind == "preferred":
        return "nice"
    return "must" if kind == "required" else "free"


def _is_must(document: Document, sections: Sections, hits: list[Hit]) -> bool:
    verdicts = {_verdict(document, sections, hit) for hit in hits[:6]}
    if "must" in verdicts or hits[0].start < document.body_start:
        return True
    return "nice" not in verdicts


def _soft_must(document: Document, sections: Sections, hit: Hit) -> bool:
    before = _clause_before(document, hit)[-50:]
    if _SOFT_MUST.search(before):
        return True
    if _SOFT_NICE.search(before):
        return False
    return sections.at(hit.start) != "preferred"


def _about_else(document: Document, hit: Hit) -> bool:
    """True where the word before or after shows that no personal skill is meant."""
    after = document.low[hit.end : hit.end + 20].split()
    before = _LETTERS.findall(document.low, max(hit.start - 20, 0), hit.start)
    stops: dict[str, list[str]] = _SOFT["not_followed_by"]
    if after and after[0].strip(".,;:()") in stops.get(hit.phrase, []):
        return document.low[hit.end] == " "
    starts: dict[str, list[str]] = _SOFT["not_preceded_by"]
    return bool(before and before[-1] in starts.get(hit.phrase, []))
