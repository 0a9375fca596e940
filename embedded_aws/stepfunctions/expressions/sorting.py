"""The one sort of JSONata: a stable merge sort, defined for inconsistent comparators as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def merge_sorted(items: list[Any], after: Callable[[Any, Any], bool]) -> list[Any]:
    """The items in order; `after(a, b)` tells that a, which stands before b, goes behind it."""
    if len(items) <= 1:
        return list(items)
    middle = len(items) // 2
    left = merge_sorted(items[:middle], after)
    right = merge_sorted(items[middle:], after)
    merged: list[Any] = []
    at_left = at_right = 0
    while at_left < len(left) and at_right < len(right):
        if after(left[at_left], right[at_right]):
            merged.append(right[at_right])
            at_right += 1
        else:
            merged.append(left[at_left])
            at_left += 1
    return merged + left[at_left:] + right[at_right:]
