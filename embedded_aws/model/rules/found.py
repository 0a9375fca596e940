"""A value with the place of the text that states it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from embedded_aws.model.rules.anchored import Rule
from embedded_aws.model.rules.text import Document, Span

T = TypeVar("T")


@dataclass(frozen=True)
class Found(Generic[T]):
    """`value` as the schema wants it, `span` where the text says so."""

    value: T
    span: Span


def first_match(
    document: Document, rules: Iterable[tuple[str, Rule | re.Pattern[str]]]
) -> Found[str] | None:
    """The first rule in the given order whose pattern occurs in the lower-case text."""
    for value, pattern in rules:
        match = pattern.search(document.low)
        if match is not None:
            return Found(value, Span(*match.span()))
    return None


def near(
    document: Document, span: Span, pattern: re.Pattern[str] | Rule, before: int, after: int
) -> bool:
    """True when the pattern occurs within so many characters of the span."""
    start = max(span.start - before, 0)
    return bool(pattern.search(document.low, start, min(span.end + after, len(document.low))))
