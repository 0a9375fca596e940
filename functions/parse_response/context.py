"""The compact JSON by which later passes see an earlier one. It is shortened, never cut."""

from __future__ import annotations

import json
from typing import Any

# Longest text and most items of a list, tried in turn until the context fits.
_LIMITS = ((400, 40), (200, 20), (100, 12), (50, 6), (25, 3), (12, 1))


def compact(result: Any, budget: int) -> str | None:
    """`result` as JSON within `budget` characters; null if no pass reads it (budget 0).

    Over budget, evidence goes first, then long texts and lists are shortened.
    """
    if budget == 0:
        return None
    text = _dumped(result)
    if len(text) > budget:
        result = _without_evidence(result)
        text = _dumped(result)
    for length, items in _LIMITS:
        if len(text) <= budget:
            break
        text = _dumped(_shortened(result, length, items))
    return text


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _without_evidence(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_evidence(part) for key, part in value.items() if key != "evidence"}


def _shortened(value: Any, length: int, items: int) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(part, length, items) for key, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part, length, items) for part in value[:items]]
    if isinstance(value, str) and len(value) > length:
        return value[:length] + "…"
    return value
