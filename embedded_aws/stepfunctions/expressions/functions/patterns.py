"""Functions that search: $contains, $match, $replace, $split."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from ..calls import apply, native
from ..failures import Failure
from ..frames import Run
from ..values import (
    UNDEFINED,
    Array,
    Object,
    sequence,
    utf16,
)


def _matches(run: Run, matcher: Any, text: str, token: str) -> Iterator[Any]:
    """The match objects that a matcher gives one after the other, for the function `token`."""
    found = apply(matcher, [text], None, run)
    while found is not UNDEFINED:
        if not (isinstance(found, dict) and type(found.get("start")) is int and "next" in found):
            raise Failure("T1010", token=token)
        yield found
        found = apply(found["next"], [], None, run)


def _limited(limit: Any, code: str) -> float:
    if limit is UNDEFINED:
        return math.inf
    if limit < 0:
        raise Failure(code, value=limit)
    return float(limit)


def _contains(run: Run, text: Any, token: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    if token is UNDEFINED:
        return False
    if type(token) is str:
        return token in text
    return next(_matches(run, token, text, "contains"), None) is not None


def _match(run: Run, text: Any, matcher: Any, limit: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    most = _limited(limit, "D3040")
    results = sequence()
    if most > 0:
        for found in _matches(run, matcher, text, "match"):
            results.append(
                Object(match=found["match"], index=found["start"], groups=found["groups"])
            )
            if len(results) >= most:
                break
    return results


def _replace(run: Run, text: Any, pattern: Any, replacement: Any, limit: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    if pattern == "":
        raise Failure("D3010", value=pattern)
    most = _limited(limit, "D3011")
    if most == 0 or pattern is UNDEFINED or replacement is UNDEFINED:
        return text
    if type(pattern) is str:
        if type(replacement) is not str:
            raise Failure("D3012", value=replacement)
        return text.replace(pattern, replacement, -1 if most == math.inf else math.ceil(most))
    parts: list[str] = []
    units = _Units(text)
    position = 0
    for count, found in enumerate(_matches(run, pattern, text, "replace"), 1):
        parts.append(units.cut(position, found["start"]))
        parts.append(_substitute(run, replacement, found))
        position = found["end"]
        if count >= most:
            break
    return "".join(parts) + units.cut(position, None)


class _Units:
    """A text cut at the UTF-16 positions that match objects carry."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._units = None if text.isascii() else utf16(text)

    def cut(self, start: int, end: int | None) -> str:
        if self._units is None:
            return self._text[start:end]
        part = self._units[2 * start : None if end is None else 2 * end]
        return part.decode("utf-16-be", "surrogatepass")


def _substitute(run: Run, replacement: Any, found: Any) -> str:
    if type(replacement) is str:
        return _expanded(replacement, found["match"], found["groups"])
    given = apply(replacement, [found], None, run)
    if type(given) is not str:
        raise Failure("D3012", value=given)
    return given


def _expanded(replacement: str, whole: str, groups: list[str | None]) -> str:
    """`$0`, `$1` ... and `$$` in a replacement; a group that does not exist is empty."""
    digits = len(str(len(groups))) if groups else 1

    def expand(found: re.Match[str]) -> str:
        token = found[1]
        if token == "$":
            return "$"
        if token.startswith("0"):
            return whole + token[1:]
        number = token
        if len(number) > 1 and int(number) > len(groups):
            number = number[:-1]
        group = groups[int(number) - 1] if 0 < int(number) <= len(groups) else None
        return (group or "") + token[len(number) :]

    return re.sub(rf"\$(\$|[0-9]{{1,{digits}}})", expand, replacement)


def _split(run: Run, text: Any, separator: Any, limit: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    most = _limited(limit, "D3020")
    if most == 0:
        return Array()
    if separator is UNDEFINED:
        return Array([text])
    if type(separator) is str:
        parts = text.split(separator) if separator else _units_of(text)
        return Array(parts if most == math.inf else parts[: math.trunc(most)])
    parts = []
    units = _Units(text)
    start = 0
    for found in _matches(run, separator, text, "split"):
        parts.append(units.cut(start, found["start"]))
        start = found["end"]
        if len(parts) >= most:
            return Array(parts)
    return Array([*parts, units.cut(start, None)])


def _units_of(text: str) -> list[str]:
    if text.isascii():
        return list(text)
    units = utf16(text)
    return [
        units[at : at + 2].decode("utf-16-be", "surrogatepass") for at in range(0, len(units), 2)
    ]


FUNCTIONS = (
    native("contains", _contains, "<s-(sf):b>", 2),
    native("match", _match, "<s-f<s:o>n?:a<o>>", 3),
    native("replace", _replace, "<s-(sf)(sf)n?:s>", 4),
    native("split", _split, "<s-(sf)n?:a<s>>", 3),
)
