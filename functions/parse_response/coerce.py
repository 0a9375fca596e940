"""Makes a given value one that the schema accepts, and says what it changed.

Every function takes the field's path and a `warn(path, reason)`, and returns an accepted value: the
given one, the value it can only mean (`schemas/coercions.json` holds the aliases), or the field's
absence: `not_mentioned`, null, [] or false.
"""

from __future__ import annotations

import math
import re
from typing import Any

from parse_response import aliases
from parse_response.layout import Value
from parse_response.notes import Warn, quote, shown

NOT_MENTIONED = "not_mentioned"

_ABSENT = frozenset({"", "not_mentioned", "unknown", "none", "null", "n_a", "na", "not_specified"})
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_UNPRINTABLE = re.compile(r"[\x00\ud800-\udfff]")  # neither UTF-8 nor SQL texts can hold them
_NUMBER = re.compile(r"(-?\d{1,300}(?:\.\d{1,300})?)([k%+]?)", re.IGNORECASE)
_SCALES = {"k": 1000.0, "%": 0.01}
_EXACT = 2**53  # a larger integer is no exact double, and no column could hold it


def absence(value: Value) -> Any:
    """What stands for "nothing said" in a field."""
    if value.kind == "list":
        return []
    if value.kind == "object":
        return {name: absence(member) for name, member in value.members.items()}
    if value.kind == "word" and NOT_MENTIONED in value.words:
        return NOT_MENTIONED
    return False if value.kind == "boolean" and not value.nullable else None


def coerce(name: str, value: Value, given: Any, path: str, warn: Warn) -> Any:
    """An accepted value; `name` is the field's, under which its aliases are listed."""
    if given is None:
        if not value.nullable:
            warn(path, f"null became {shown(absence(value))}")
        return absence(value)
    if value.kind == "list":
        return _items(name, value, given, path, warn)
    if value.kind == "object":
        return _members(name, value, given, path, warn)
    meant = _meant(name, value, given)
    if meant is None:
        meant = absence(value)
        if not _says_nothing(given):
            warn(path, f"{quote(given)} is not allowed, {shown(meant)} instead")
            return meant
    if meant != given or isinstance(meant, bool) != isinstance(given, bool):
        warn(path, f"{quote(given)} became {shown(meant)}")
    return meant


def _meant(name: str, value: Value, given: Any) -> Any:
    """The accepted value that a given scalar means, null if none."""
    if value.kind == "word":
        return _word(name, value, given)
    if value.kind == "boolean":
        return _boolean(given)
    if value.kind == "text":
        return _text(value, given)
    return _number(value, given)


def _word(name: str, value: Value, given: Any) -> str | None:
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if isinstance(given, bool):
        given = "yes" if given else "no"
    elif isinstance(given, int):
        given = str(given) if abs(given) < _EXACT else ""
    if not isinstance(given, str):
        return None
    return given if given in value.words else aliases.word((name, value.shape), value.words, given)


def _boolean(given: Any) -> bool | None:
    if isinstance(given, str):
        return _BOOLEANS.get(aliases.plain(given))
    if isinstance(given, bool | int | float) and given in (0, 1):
        return bool(given)
    return None


def _text(value: Value, given: Any) -> str | None:
    if isinstance(given, list) and given and all(isinstance(part, str) for part in given):
        given = "; ".join(given)
    elif isinstance(given, int | float) and not isinstance(given, bool):
        number = _finite(given)
        given = None if number is None else str(number)
    if not isinstance(given, str):
        return None
    if value.pattern is not None and value.shape is not None:
        return aliases.code(value.shape, given)
    return _UNPRINTABLE.sub("\ufffd", given)


def _number(value: Value, given: Any) -> int | float | None:
    """A number within the field's range; a bounded one is clamped, a negative amount is null."""
    number = _finite(_parsed(given) if isinstance(given, str) else given)
    if number is None:
        return None
    if value.minimum is not None and number < value.minimum:
        if value.maximum is None:
            return None
        number = int(value.minimum)
    elif value.maximum is not None and number > value.maximum:
        number = int(value.maximum)
    return round(number) if value.kind == "integer" else number


def _parsed(text: str) -> float | None:
    match = _NUMBER.fullmatch(re.sub(r"[,\s$€£]", "", text[:400]))
    return float(match[1]) * _SCALES.get(match[2].lower(), 1.0) if match else None


def _finite(number: Any) -> int | float | None:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    if isinstance(number, int) and abs(number) > _EXACT:
        try:
            number = float(number)
        except OverflowError:
            return None
    return number if math.isfinite(number) else None


def _items(name: str, value: Value, given: Any, path: str, warn: Warn) -> list[Any]:
    assert value.items is not None
    if isinstance(given, str):
        parts = [] if _says_nothing(given) else [part.strip() for part in given.split(",")]
        warn(path, f"{quote(given)} became a list")
        given = parts
    if not isinstance(given, list):
        warn(path, f"{quote(given)} is no list, [] instead")
        return []
    kept = []
    for item in given:
        meant = _meant(name, value.items, item) if item is not None else None
        if meant is None or meant == "":
            warn(path, f"{quote(item)} is not allowed, dropped")
        elif meant == item:
            kept.append(meant)
        else:
            warn(path, f"{quote(item)} became {shown(meant)}")
            if meant not in [*kept, *given]:
                kept.append(meant)
    return kept


def _members(name: str, value: Value, given: Any, path: str, warn: Warn) -> dict[str, Any]:
    if not isinstance(given, dict):
        warn(path, f"{quote(given)} is no object, its members are null")
        return dict.fromkeys(value.members)
    for key in given:
        if key not in value.members:
            warn(f"{path}.{quote(key)}", "is no member, dropped")
    return {
        key: coerce(name, member, given.get(key), f"{path}.{key}", warn)
        for key, member in value.members.items()
    }


def _says_nothing(given: Any) -> bool:
    return isinstance(given, str) and aliases.plain(given) in _ABSENT
