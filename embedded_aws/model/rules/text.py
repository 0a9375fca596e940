"""The posting as the rules read it: one text, its lower-case twin, quotes from it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

BARRIER = "\n\x00\n"
"""Stands between title, location and description: no phrase or sentence crosses it."""

_ABSENT = {"not specified", "no description", ""}
_BULLETS = "\n\x00•●▪·◦‣⁃∙➢✓✔★*|"
_BREAK = re.compile(rf"[.!?;:{_BULLETS}–—-]")
_ABBREVIATED = re.compile(r"(?:\b[A-Z]|\be\.g|\bi\.e|\bInc|\bSr|\bSt|\bvs|[BM]Sc)\Z")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Posting:
    """Four text fields of a posting; an absent one is an empty string."""

    title: str = ""
    company: str = ""
    location: str = ""
    description: str = ""

    @classmethod
    def of(cls, title: str, company: str, location: str, description: str) -> Posting:
        """Takes the fields as the prompt shows them: its placeholders become empty."""
        return cls(*(_present(value) for value in (title, company, location, description)))


def _present(value: str) -> str:
    stripped = value.strip()
    return "" if stripped.lower() in _ABSENT else stripped


def lowered(text: str) -> str:
    """Lower case with every character at its old place (some grow when lowered)."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(lower if len(lower := char.lower()) == 1 else char for char in text)


def _word_places(low: str) -> tuple[dict[str, list[int]], dict[tuple[str, str], list[int]]]:
    places: dict[str, list[int]] = {}
    pairs: dict[tuple[str, str], list[int]] = {}
    before, before_start = "", 0
    for match in _WORD.finditer(low):
        word, start = match.group(), match.start()
        places.setdefault(word, []).append(start)
        pairs.setdefault((before, word), []).append(before_start)
        before, before_start = word, start
    return places, pairs


def _sentence_ends(text: str) -> list[int]:
    """Places after full stops, bullets, line breaks, and dashes that open an item."""
    ends: list[int] = []
    for match in _BREAK.finditer(text):
        start, end = match.span()
        char, after = match.group(), text[end : end + 2]
        if char in ".!?;:":
            closes = not after or after[0].isspace() or after[0] in "\x00*"
            if not closes or (char == "." and _ABBREVIATED.search(text[max(start - 5, 0) : start])):
                continue
        elif char in "-–—":
            spaced = text[max(start - 1, 0) : start].isspace() and after[:1].isspace()
            if not (spaced and after[1:].isupper()):
                continue
        ends.append(end)
    return ends


@dataclass(frozen=True)
class Span:
    """A half-open range of `Document.text`."""

    start: int
    end: int


@dataclass
class Document:
    """`text` is title, location and description with barriers; offsets refer to it.

    The company name is left out: it is a name, not a statement about the job. `places` are
    the starts of each word (in lower case), `pairs` those of each two words in a row.
    """

    posting: Posting
    text: str = field(init=False)
    low: str = field(init=False)
    places: dict[str, list[int]] = field(init=False)
    pairs: dict[tuple[str, str], list[int]] = field(init=False)
    body_start: int = field(init=False)
    _bounds: list[int] = field(init=False)

    def __post_init__(self) -> None:
        fields = (self.posting.title, self.posting.location, self.posting.description)
        self.text = BARRIER.join(fields)
        self.low = lowered(self.text).replace("’", "'").replace("ʼ", "'").replace("‘", "'")
        self.body_start = len(fields[0]) + len(fields[1]) + 2 * len(BARRIER)
        self.places, self.pairs = _word_places(self.low)
        self._bounds = [0, *_sentence_ends(self.text), len(self.text)]

    @property
    def title_span(self) -> Span:
        return Span(0, len(self.posting.title))

    @property
    def location_span(self) -> Span:
        start = len(self.posting.title) + len(BARRIER)
        return Span(start, start + len(self.posting.location))

    def sentence(self, position: int) -> Span:
        """The sentence, clause or bullet around `position`, without outer white space."""
        index = bisect_right(self._bounds, position)
        start = self._bounds[max(index - 1, 0)]
        end = self._bounds[min(index, len(self._bounds) - 1)]
        return self.trimmed(start, end)

    def trimmed(self, start: int, end: int) -> Span:
        """The range without white space, bullets and barriers at its ends."""
        noise = " \t\r\n\x00\xa0•●▪·◦‣⁃∙➢✓✔★*|-–—"
        while start < end and self.text[start] in noise:
            start += 1
        while end > start and self.text[end - 1] in noise:
            end -= 1
        return Span(start, end)

    def passage(self, span: Span, limit: int = 160) -> str:
        """A literal quote of at most about `limit` characters that contains the span."""
        around = self.sentence(span.start)
        start = min(around.start, span.start)
        end = max(around.end, span.end)
        if end - start > limit:
            slack = max(limit - (span.end - span.start), 0)
            start = max(start, span.start - slack // 2)
            end = min(end, span.end + slack // 2)
            start, end = self._whole_words(start, end, span)
        kept = self.trimmed(start, end)
        return self.text[min(kept.start, span.start) : max(kept.end, span.end)]

    def _whole_words(self, start: int, end: int, span: Span) -> tuple[int, int]:
        while start < span.start and start > 0 and not self.text[start - 1].isspace():
            start += 1
        while end > span.end and end < len(self.text) and not self.text[end].isspace():
            end -= 1
        return start, end

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]
