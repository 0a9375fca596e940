"""Whether a text reads like a job posting at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.phrases import Signals
from embedded_aws.model.rules.text import Document

_TABLES = load("posting_signs.toml")
_SIGNS = Signals(_TABLES["signs"])
_JOB_TITLE = re.compile(rf"\b(?:{'|'.join(_TABLES['title_words'])})\b")
_KINDS, _SIGNS_NEEDED = 3, 5
_KINDS_WITH_TITLE, _SIGNS_WITH_TITLE = 2, 4


@dataclass(frozen=True)
class Jobness:
    """Kinds of signs and signs found, whether the title names a job, and the verdict."""

    kinds: int
    signs: int
    title: bool
    is_posting: bool


def judge(document: Document) -> Jobness:
    """A posting shows three kinds of signs in five signs; under a job's title two in four.

    The kinds: someone is sought, duties, demands, an offer, how to apply. Prose on technology,
    news, recipes and code show one or two of them at most by accident.
    """
    title = bool(_JOB_TITLE.search(document.low, 0, document.title_span.end))
    found = {
        kind: {hit.phrase for hit in hits if hit.start >= document.body_start}
        for kind, hits in _SIGNS.find(document).items()
    }
    kinds = sum(bool(phrases) for phrases in found.values())
    signs = len(set().union(*found.values()))
    if title:
        enough = kinds >= _KINDS_WITH_TITLE and signs >= _SIGNS_WITH_TITLE
    else:
        enough = kinds >= _KINDS and signs >= _SIGNS_NEEDED
    return Jobness(kinds, signs, title, enough)
