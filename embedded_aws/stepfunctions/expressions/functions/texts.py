"""String functions, and how the service writes values as text."""

from __future__ import annotations

import decimal
import math
import re
from typing import Any

from ..calls import is_function, native
from ..failures import MEMORY, MEMORY_LIMIT, Failure, LimitExceeded
from ..frames import Run
from ..values import UNDEFINED, number, utf16

PAD_LIMIT = 262_144  # characters that one $pad may add, measured on AWS
_DIGITS = decimal.Context(prec=15, rounding=decimal.ROUND_FLOOR)
# Every other character, control characters among them, is written as it is.
_ESCAPES = str.maketrans(
    {
        '"': '\\"',
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
    }
)


def to_text(value: Any) -> str:
    """$string of a value: a string is itself, anything else is JSON."""
    if type(value) is str:
        return value
    if is_function(value):
        return ""
    return json_text(value, None)


def json_text(value: Any, depth: int | None) -> str:
    """JSON without spaces, or indented by two where `depth` is a number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        return '"' + value.translate(_ESCAPES) + '"'
    inner = None if depth is None else depth + 1
    if isinstance(value, dict):
        colon = ":" if depth is None else ": "
        members = [
            json_text(key, None) + colon + json_text(item, inner) for key, item in value.items()
        ]
        return _enclosed("{", members, "}", depth)
    if isinstance(value, list):
        return _enclosed("[", [json_text(item, inner) for item in value], "]", depth)
    return '""'  # a function


def _enclosed(start: str, members: list[str], end: str, depth: int | None) -> str:
    if depth is None or not members:
        return start + ",".join(members) + end
    indent = "\n" + "  " * (depth + 1)
    return start + indent + ("," + indent).join(members) + "\n" + "  " * depth + end


def number_text(value: float) -> str:
    """A number as the service writes it: 15 significant digits, whole numbers below 1e21 in full.

    Raises D3001 for what a division left infinite.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise Failure("D3001", value=value)
    value = number(value)
    if value == int(value):
        return str(int(value)) if abs(value) < 1e21 else repr(float(value))
    rounded = _DIGITS.create_decimal(repr(value)).normalize(_DIGITS)
    return str(rounded).replace("E", "e")


def _string(run: Run, value: Any, prettify: Any) -> Any:
    if value is UNDEFINED or type(value) is str:
        return value
    if is_function(value):
        return ""
    return json_text(value, 0 if prettify is True else None)


def _substring(run: Run, text: Any, start: Any, length: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    if start is UNDEFINED:
        return text if length is UNDEFINED else ""
    if length is not UNDEFINED and length <= 0:
        return ""
    if start < 0 and not text.isascii():
        return _substring_of_units(text, start, length)
    first = math.trunc(start)
    if first < 0:
        first = max(0, len(text) + first)
        start = max(0, len(text) + start)
    return text[first:] if length is UNDEFINED else text[first : math.trunc(start + length)]


def _substring_of_units(text: str, start: float, length: Any) -> str:
    """From a negative start positions are UTF-16 units, so a character may be cut in two."""
    units = utf16(text)
    first = max(0, len(units) // 2 + math.trunc(start))
    last = len(units) // 2 if length is UNDEFINED else first + math.trunc(length)
    cut = units[2 * first : 2 * last]
    try:
        return cut.decode("utf-16-be")
    except UnicodeDecodeError:
        if length is UNDEFINED:
            raise Failure("D3137", message="Invalid surrogate pair in string") from None
        return cut.decode("utf-16-be", "surrogatepass")


def _before(run: Run, text: Any, mark: Any) -> Any:
    if text is UNDEFINED or mark is UNDEFINED:
        return text
    return text.partition(mark)[0] if mark else ""


def _after(run: Run, text: Any, mark: Any) -> Any:
    if text is UNDEFINED or mark is UNDEFINED or mark not in text:
        return text
    return text.partition(mark)[2] if mark else text


def _lowercase(run: Run, text: Any) -> Any:
    return text if text is UNDEFINED else text.lower()


def _uppercase(run: Run, text: Any) -> Any:
    return text if text is UNDEFINED else text.upper()


def _length(run: Run, text: Any) -> Any:
    return text if text is UNDEFINED else len(text)


def _trim(run: Run, text: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    return re.sub("[ \t\n\r]+", " ", text).strip(" ")


def _pad(run: Run, text: Any, width: Any, fill: Any) -> Any:
    if text is UNDEFINED or width is UNDEFINED:
        return text
    missing = abs(math.trunc(width)) - len(text)
    if missing <= 0:
        return text
    if missing > PAD_LIMIT:
        raise LimitExceeded(MEMORY)
    pattern = fill if fill is not UNDEFINED and fill else " "
    padding = (pattern * (missing // len(pattern) + 1))[:missing]
    return text + padding if width > 0 else padding + text


def _join(run: Run, texts: Any, separator: Any) -> Any:
    if texts is UNDEFINED:
        return UNDEFINED
    joined: str = ("" if separator is UNDEFINED else separator).join(texts)
    if len(joined) > MEMORY_LIMIT:
        raise LimitExceeded(MEMORY)
    return joined


FUNCTIONS = (
    native("string", _string, "<x-b?:s>", 1),
    native("substring", _substring, "<s-nn?:s>", 3),
    native("substringBefore", _before, "<s-s:s>", 2),
    native("substringAfter", _after, "<s-s:s>", 2),
    native("lowercase", _lowercase, "<s-:s>", 1),
    native("uppercase", _uppercase, "<s-:s>", 1),
    native("length", _length, "<s-:n>", 1),
    native("trim", _trim, "<s-:s>", 1),
    native("pad", _pad, "<s-ns?:s>", 3),
    native("join", _join, "<a<s>s?:s>", 2),
)
