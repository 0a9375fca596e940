"""From the nested results of the passes to the 288 flat columns.

Passes are validated before they are stored. What does not fit its column all the same becomes
what it plainly means, or null, and is reported: one odd value costs neither row nor partition.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from common.contract import Column, columns_from

LOW_CONFIDENCE = 0.5

ROOTS = {"extraction": 1, "inference": 2, "analysis": 3, "summary": 3}  # root -> pass

_COLUMNS = columns_from(*ROOTS)
_CONFIDENCES = tuple(
    column for column in columns_from("inference", "analysis") if column.path[-1] == "confidence"
)
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}
_INT64 = 1 << 63


class Unusable(ValueError):
    """A value that cannot mean anything in its column."""


def flatten(documents: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Column -> value for all 288 columns, and warnings; columns of absent roots are null."""
    flat: dict[str, Any] = {}
    warnings: list[str] = []
    for column in _COLUMNS:
        value = _at(documents, column)
        try:
            flat[column.name] = coerce(column.type, value)
        except Unusable:
            flat[column.name] = None
        if not _same(flat[column.name], value):
            done = "dropped" if flat[column.name] is None else "converted"
            number = ROOTS[column.root]
            warnings.append(f"Pass {number}: {column.name}: {type(value).__name__} {done}")
    return flat, warnings


def confidences(flat: dict[str, Any], number: int) -> Iterator[tuple[str, float]]:
    """(field, confidence) for every wrapped field of pass 2 or 3 that has a confidence."""
    for column in _CONFIDENCES:
        if ROOTS[column.root] == number and flat[column.name] is not None:
            yield column.path[-2], flat[column.name]


def coerce(wanted: pa.DataType, value: Any) -> Any:
    """`value` as its column holds it. Raises Unusable if it has no such meaning."""
    if value is None:
        return None
    if wanted == pa.bool_():
        return _boolean(value)
    if pa.types.is_floating(wanted):
        return _number(value)
    if pa.types.is_integer(wanted):
        return _integer(value)
    if pa.types.is_list(wanted):
        return _strings(value)
    return _string(value)


def _at(documents: dict[str, dict[str, Any]], column: Column) -> Any:
    value: Any = documents.get(column.root)
    for step in column.path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _same(flat: Any, value: Any) -> bool:
    """Whether nothing but white space and blanks was lost, which is not worth a warning."""
    if isinstance(value, str):
        return bool(flat == (value.strip() or None))
    if isinstance(value, list) and isinstance(flat, list):
        strings = all(item is None or isinstance(item, str) for item in value)
        return strings and flat == [item.strip() for item in value if item and item.strip()]
    if isinstance(value, dict):  # a struct that its column holds as JSON text
        return isinstance(flat, str)
    return bool(flat == value)


def _boolean(value: Any) -> bool | None:
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if word == "":
        return None
    raise Unusable(word)


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        value = value.strip().translate(str.maketrans("", "", ",$€£"))
        if not value:
            return None
    if isinstance(value, bool):
        raise Unusable("a boolean is no number")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unusable(str(error)) from None
    if not math.isfinite(number):
        raise Unusable("not finite")
    return number


def _integer(value: Any) -> int | None:
    number = _number(value)
    if number is None:
        return None
    if number != int(number) or not -_INT64 <= number < _INT64:
        raise Unusable("no integer")
    return int(number)


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        raise Unusable("no list")
    scalars = [item for item in value if isinstance(item, str | int | float)]
    return [text for item in scalars if (text := str(item).strip())]


def _string(value: Any) -> str | None:
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value).strip() or None
    raise Unusable("no text")
