"""Remote, hybrid or on site; employment type; where the work must be done."""

from __future__ import annotations

import re

from embedded_aws.model.rules.anchored import Rule, any_of, rules
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.found import Found, first_match
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("work_model.toml")
_HYBRID = Rule(_PATTERNS["hybrid"])
_REMOTE = Rule(_PATTERNS["remote"])
_ONSITE = Rule(_PATTERNS["onsite"])
_PART_REMOTE = re.compile(
    r"\b(?:[1-4]|one|two|three|four)\b[^.\n;]{0,12}\b(?:days?|jours?|tage?|días|dias|dagen|giorni)\b"
)
_INTERN_TITLE = any_of(_PATTERNS["intern_title"])
_INTERN = Rule(_PATTERNS["intern"])
_EMPLOYMENT = rules(_PATTERNS["employment"])
_RESTRICTION = Rule(_PATTERNS["restriction"])


def find_work_model(document: Document) -> Found[str] | None:
    """An explicit hybrid outranks all; remote beside office days is hybrid too."""
    hybrid = _HYBRID.search(document.low)
    if hybrid:
        return Found("hybrid", Span(*hybrid.span()))
    remote, onsite = _REMOTE.search(document.low), _ONSITE.search(document.low)
    if remote and _PART_REMOTE.search(document.low, max(remote.start() - 30, 0), remote.end() + 30):
        return Found("hybrid", Span(*remote.span()))
    if remote and (onsite is None or remote.start() < onsite.start()):
        return Found("remote", Span(*remote.span()))
    return Found("onsite", Span(*onsite.span())) if onsite else None


def find_employment_type(document: Document) -> Found[str] | None:
    """Internship by the title or a plain statement, then contract, full time, part time."""
    title = _INTERN_TITLE.search(document.low, 0, document.title_span.end)
    intern = title or _INTERN.search(document.low, document.body_start)
    if intern:
        return Found("internship", Span(*intern.span()))
    return first_match(document, _EMPLOYMENT)


def find_location_restriction(document: Document) -> Found[str] | None:
    """The first statement that ties the work to a place."""
    return first_match(document, [("restricted", _RESTRICTION)])
