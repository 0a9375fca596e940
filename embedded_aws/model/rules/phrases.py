"""Finds thousands of phrases in one walk over the words of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from embedded_aws.model.rules.text import Document, Span

_WORD = re.compile(r"[^\W_]+")


class Hit(NamedTuple):
    """A phrase at a place of the text: `low[start:end] == phrase`."""

    phrase: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


@dataclass(frozen=True)
class _Entry:
    phrase: str
    lead: int  # characters before the phrase's first word, as in ".net"


class PhraseIndex:
    """Phrases by their first word, or by their first two.

    A phrase matches literally (in lower case) where no letter or digit touches its ends.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_word: dict[str, list[_Entry]] = {}
        self._by_pair: dict[tuple[str, str], list[_Entry]] = {}
        for phrase in sorted(set(phrases)):
            words = _WORD.findall(phrase)
            if not words:
                raise ValueError(f"phrase {phrase!r} holds no word")
            entry = _Entry(phrase, phrase.index(words[0]))
            if len(words) == 1:
                self._by_word.setdefault(words[0], []).append(entry)
            else:
                self._by_pair.setdefault((words[0], words[1]), []).append(entry)

    def find(self, document: Document) -> list[Hit]:
        """Every hit in the order of the text; at one place the longest comes first."""
        hits: list[Hit] = []
        for word in self._by_word.keys() & document.places.keys():
            _collect(document.low, self._by_word[word], document.places[word], hits)
        for pair in self._by_pair.keys() & document.pairs.keys():
            _collect(document.low, self._by_pair[pair], document.pairs[pair], hits)
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        return hits


def _collect(low: str, entries: list[_Entry], places: list[int], hits: list[Hit]) -> None:
    for entry in entries:
        phrase, lead = entry.phrase, entry.lead
        for place in places:
            start = place - lead
            if start < 0 or not low.startswith(phrase, start):
                continue
            end = start + len(phrase)
            if bordered(low, start, end):
                hits.append(Hit(phrase, start, end))


def bordered(text: str, start: int, end: int) -> bool:
    """True when the range is not part of a longer word."""
    if start > 0 and _wordy(text[start]) and _wordy(text[start - 1]):
        return False
    return not (end < len(text) and _wordy(text[end - 1]) and _wordy(text[end]))


def _wordy(char: str) -> bool:
    return char.isalnum() or char == "_"


class Signals:
    """Topics with phrases each: which topics a text touches, and where."""

    def __init__(self, topics: Mapping[str, Iterable[str]]) -> None:
        self._topics: dict[str, list[str]] = {}
        for topic, phrases in topics.items():
            for phrase in phrases:
                self._topics.setdefault(phrase, []).append(topic)
        self._index = PhraseIndex(self._topics)

    def find(self, document: Document) -> dict[str, list[Hit]]:
        """Topic -> its hits in the order of the text; topics without a hit are absent."""
        found: dict[str, list[Hit]] = {}
        for hit in self._index.find(document):
            for topic in self._topics[hit.phrase]:
                found.setdefault(topic, []).append(hit)
        return found
