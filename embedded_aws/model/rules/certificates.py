"""Certificates that the posting names."""

from __future__ import annotations

import re

from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.phrases import Hit, PhraseIndex
from embedded_aws.model.rules.text import Document

_TABLES = load("certificates.toml")
_NAMED: dict[str, str] = {
    alias: name for name, aliases in _TABLES["named"].items() for alias in aliases
}
_VENDOR: dict[str, str] = {
    alias: name for name, aliases in _TABLES["vendor"].items() for alias in aliases
}
_INDEX = PhraseIndex([*_NAMED, *_VENDOR])
_WORD = re.compile(r"certif\w*|zertifi\w*")
_BEFORE, _AFTER = 60, 25
"""How far the word for certification may stand before or after a vendor's name."""


def find_certificates(document: Document) -> dict[str, Hit]:
    """Name -> first place; a vendor's name counts beside a word for certification only."""
    found: dict[str, Hit] = {}
    taken = 0  # end of the last one: a shorter name inside it is no other certificate
    for hit in _INDEX.find(document):
        if hit.start < taken:
            continue
        name = _NAMED.get(hit.phrase)
        if name is None and _certified(document, hit):
            name = _VENDOR[hit.phrase]
        if name is not None:
            found.setdefault(name, hit)
            taken = hit.end
    return found


def _certified(document: Document, hit: Hit) -> bool:
    """True for "certifications in Azure, Databricks" and "Databricks or AWS certification"."""
    sentence = document.sentence(hit.start)
    start, end = max(sentence.start, hit.start - _BEFORE), min(sentence.end, hit.end + _AFTER)
    return bool(_WORD.search(document.low, start, end))
