"""Where candidates may live: restriction, countries, states, residency, time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from embedded_aws.model.rules.anchored import Rule, rules
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.found import Found, first_match
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("geography.toml")
_PLACES = load("places.toml")
_COUNTRY: dict[str, str] = {
    name: code for code, names in _PLACES["countries"].items() for name in names
}
_STATE: dict[str, str] = {name: code for code, name in _PLACES["us_states"].items()}
_STATE_CODES = frozenset(_PLACES["us_states"])


def _any(names: list[str]) -> str:
    """An alternation with borders that also hold after a full stop, as in "u.s."."""
    ordered = sorted(names, key=len, reverse=True)
    return rf"(?<!\w)(?:{'|'.join(re.escape(name) for name in ordered)})(?!\w)"


_COUNTRIES = _any(list(_COUNTRY))
_COUNTRY_NAME = re.compile(_COUNTRIES)
_STATE_NAME = re.compile(_any(list(_STATE)))
_TIED = (
    r"(?:must|should|need to|required to|have to|candidates?|applicants?|only|residents? of"
    r"|reside in|located in|based in|living in|live in|within|anywhere in|open to|remote)"
)
_DEMAND = r"(?:must|need to|should|required to|only|candidates|applicants|reside|open to)"
_REGION: dict[str, str] = {
    name: kind for kind, names in _PLACES["regions"].items() for name in names
}
_IN_REGION = rf"(?P<place>{_any(list(_REGION))})"
_RESTRICTED = Rule(
    [
        rf"\b{_DEMAND}\b[^.;\n\x00]{{0,40}}?\b(?:in|within|from|to|of|based|across|-|\() ?\(?"
        rf"(?:the )?(?:continental )?{_IN_REGION}",
        rf"{_IN_REGION}[- ](?:only|based (?:candidates|only|applicants)|residents only)",
        rf"\bremote ?(?:,|-|–|\(|\|) ?{_IN_REGION}",
        rf"\b(?:remote(?:ly)?|work) (?:from )?(?:anywhere )?(?:in|within|across) (?:the )?"
        rf"{_IN_REGION}",
    ]
)
_COUNTRY_OF_KIND = {"us_only": "US", "uk_only": "GB"}
_GLOBAL = Rule(_PATTERNS["global"])
_STRICT = re.compile(r"\b(?:must|only|need to|required to|have to|should)\b")
_COUNTRIES_ONLY = Rule(
    [
        rf"\b{_TIED}\b[^.;\n\x00]{{0,25}}?{_COUNTRIES}"
        r"[^.;\n\x00]{0,60}?(?=\bonly\b|[.;\n\x00)]|$)"
    ]
)
_EXCLUDED = Rule(_PATTERNS["excluded"])
_STATES_ONLY = Rule(_PATTERNS["states_only"])
_RESIDENCY = rules(_PATTERNS["residency"])
_RELOCATION = rules(_PATTERNS["relocation"])
_ZONES = rules(_PATTERNS["zones"])


@dataclass(frozen=True)
class Geography:
    """Findings on places; lists hold ISO codes or US state codes in the order of the text."""

    restriction: Found[str] | None
    allowed: list[str]
    excluded: list[str]
    states: list[str]
    residency: Found[str] | None
    relocation: Found[str] | None
    zone: Found[str] | None


def find_geography(document: Document) -> Geography:
    excluded = _EXCLUDED.search(document.low)
    named = _codes(document.low, excluded.start(), excluded.end()) if excluded else []
    restriction, allowed = _restriction(document)
    return Geography(
        restriction=restriction,
        allowed=allowed,
        excluded=[code for code in named if code not in allowed],
        states=_states(document),
        residency=first_match(document, _RESIDENCY),
        relocation=first_match(document, _RELOCATION),
        zone=first_match(document, _ZONES),
    )


def is_country(location: str) -> bool:
    """True when a posting's location is a country as a whole."""
    return location.lower().strip() in _COUNTRY


def _restriction(document: Document) -> tuple[Found[str] | None, list[str]]:
    for match in _RESTRICTED.finditer(document.low):
        kind = _REGION[match.group("place")]
        if not _about_us(document, match):
            code = _COUNTRY_OF_KIND.get(kind)
            return Found(kind, Span(*match.span())), [code] if code else []
    anywhere = _GLOBAL.search(document.low)
    if anywhere:
        return Found("global", Span(*anywhere.span())), []
    return _specific_countries(document)


def _about_us(document: Document, match: re.Match[str]) -> bool:
    """True where "us" is the pronoun, or the sentence is about permission to work."""
    written = document.text[match.start() : match.end()]
    pronoun = match.group().rstrip(" -").endswith("us") and not re.search(
        r"\b(?:US|USA)\b", written
    )
    return pronoun or bool(
        re.search(r"authori[sz]ed|eligible|legally|citizen|sponsor", match.group())
    )


def _specific_countries(document: Document) -> tuple[Found[str] | None, list[str]]:
    for match in _COUNTRIES_ONLY.finditer(document.low, document.body_start):
        only = document.low[match.end() : match.end() + 6].startswith("only")
        strict = _STRICT.search(match.group())
        if not (only or strict) or _about_us(document, match):
            continue
        codes = _codes(document.low, match.start(), match.end())
        return Found("specific_countries", Span(*match.span())), codes
    return None, []


def _codes(low: str, start: int, end: int) -> list[str]:
    found = (_COUNTRY[match.group()] for match in _COUNTRY_NAME.finditer(low, start, end))
    return list(dict.fromkeys(found))


def _states(document: Document) -> list[str]:
    found: list[str] = []
    for match in _STATES_ONLY.finditer(document.low):
        found += [_STATE[m.group()] for m in _STATE_NAME.finditer(document.low, *match.span())]
        written = document.text[match.start() : match.end()]
        found += [code for code in re.findall(r", ([A-Z]{2})\b", written) if code in _STATE_CODES]
    return list(dict.fromkeys(found))
