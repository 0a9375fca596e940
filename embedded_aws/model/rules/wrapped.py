"""The wrapper of passes 2 and 3: value, confidence, evidence from the posting, source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from embedded_aws.model.rules.facts import Facts
from embedded_aws.model.rules.phrases import Hit
from embedded_aws.model.rules.text import Span

NO_EVIDENCE = "no mention"
ABSENT_CONFIDENCE = 0.7
"""That no rule matched says something, not everything, about the text."""

Wrapped = dict[str, Any]
Earlier = Mapping[str, Any]
"""Inner objects of earlier passes by pass name, as the prompt carries them."""


class Wrapper:
    """Makes wrapped fields of one posting; knows which facts pass 1 has reported."""

    def __init__(self, facts: Facts, earlier: Earlier) -> None:
        self._document = facts.document
        pass1 = earlier.get("pass1")
        self._reported = _reported_fields(pass1 if isinstance(pass1, Mapping) else {})

    def state(
        self, value: Any, confidence: float, place: Span | Hit, basis: str | None = None
    ) -> Wrapped:
        """A concrete value with a quote around `place`.

        `basis`: the pass-1 field it rests on; `pass1_derived` if that pass reported it.
        """
        span = place.span if isinstance(place, Hit) else place
        return {
            "value": value,
            "confidence": round(min(max(confidence, 0.5), 1.0), 2),
            "evidence": self._document.passage(span),
            "source": "pass1_derived" if basis in self._reported else "inferred",
        }

    @staticmethod
    def absent(value: Any) -> Wrapped:
        """A value that says nothing: null, `not_mentioned`, an empty list, an object of nulls."""
        return {
            "value": value,
            "confidence": ABSENT_CONFIDENCE,
            "evidence": NO_EVIDENCE,
            "source": "inferred",
        }

    def word(
        self, found: Mapping[str, Hit], confidences: Mapping[str, float], basis: str | None = None
    ) -> Wrapped:
        """The first word of `confidences` that the text shows, else `not_mentioned`."""
        for word, confidence in confidences.items():
            if word in found:
                return self.state(word, confidence, found[word], basis)
        return self.absent("not_mentioned")

    def words(self, found: Mapping[str, Hit], confidence: float) -> Wrapped:
        """All words that the text shows; the quote holds the first."""
        if not found:
            return self.absent([])
        return self.state(list(found), confidence, next(iter(found.values())))

    def flag(self, hits: Iterable[Hit], confidence: float) -> Wrapped:
        """True with the first hit; null without one: silence does not deny it."""
        first = next(iter(hits), None)
        return self.absent(None) if first is None else self.state(True, confidence, first)


def _reported_fields(extraction: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        name
        for section in extraction.values()
        if isinstance(section, Mapping)
        for name, value in section.items()
        if value not in (None, "not_mentioned", False) and value != []
    )
