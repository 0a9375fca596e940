"""JSON as Step Functions writes and measures it: compact, UTF-8, doubles."""

from __future__ import annotations

import json
from typing import Any

PAYLOAD_LIMIT = 262_144  # bytes of an input, output, result or variable

_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)


class JsonText(str):
    """Text that is already JSON, kept as it came (an execution's input, a restored event)."""

    __slots__ = ()


def dumps(value: Any) -> str:
    """Compact JSON; a JsonText is passed on as it is."""
    if isinstance(value, JsonText):
        return str(value)
    return _encoder.encode(value)


def loads(text: str) -> Any:
    """Parses JSON; raises ValueError, also for NaN and Infinity, which JSON does not have."""

    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def size(value: Any) -> int:
    """Bytes of the value's JSON in UTF-8."""
    return size_of_text(dumps(value))


def size_of_text(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def type_name(value: Any) -> str:
    """The word that AWS uses for the type of a JSON value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
