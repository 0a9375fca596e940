"""Which part of a posting a place belongs to: requirements, wishes, duties, benefits, company."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.phrases import Hit, Signals
from embedded_aws.model.rules.text import Document, Span

_HEADINGS = Signals(load("sections.toml"))


@dataclass(frozen=True)
class Sections:
    """Starts of the parts of a text, in order, and the kind of each."""

    starts: list[int]
    ends: list[int]
    kinds: list[str]

    def at(self, position: int) -> str:
        """The kind of the part around `position`; empty before the first heading."""
        index = bisect_right(self.starts, position) - 1
        return self.kinds[index] if index >= 0 else ""

    def has(self, kind: str) -> bool:
        return kind in self.kinds

    def heading(self, kind: str) -> Span | None:
        """The place of the first heading of that kind."""
        for start, end, found in zip(self.starts, self.ends, self.kinds, strict=True):
            if found == kind:
                return Span(start, end)
        return None


def find_sections(document: Document) -> Sections:
    """Reads the headings, also those that stand in running text without line breaks."""
    marks: dict[int, tuple[int, str]] = {}
    for kind, hits in _HEADINGS.find(document).items():
        for hit in hits:
            if hit.start < document.body_start or not _is_heading(document, hit):
                continue
            longest = marks.get(hit.start)
            if longest is None or longest[0] < hit.end:
                marks[hit.start] = (hit.end, kind)
    starts = sorted(marks)
    ends = [marks[start][0] for start in starts]
    return Sections(starts, ends, [marks[start][1] for start in starts])


def _is_heading(document: Document, hit: Hit) -> bool:
    text = document.text
    written = text[hit.start : hit.end]
    if not written[0].isupper():
        return False
    rest = text[hit.end : hit.end + 6]
    if rest.lstrip(" *").startswith((":", "\n", "=", "?")):
        return True
    before = text[max(hit.start - 3, 0) : hit.start].rstrip(" \t")
    opens = not before or before[-1] in ".!?:;\n\x00*•●)" or before[-1].islower()
    follows = rest.lstrip(" -–•●*·")[:1]
    capitals = all(word[0].isupper() or len(word) <= 3 for word in written.split())
    return opens and capitals and (follows.isupper() or follows.isdigit())
