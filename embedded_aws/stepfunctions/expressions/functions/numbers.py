"""Numeric functions and aggregates."""

from __future__ import annotations

import decimal
import functools
import math
import operator
import re
from typing import Any

from jsonata.datetimeutils import DateTimeUtils

from ..calls import native
from ..failures import Failure
from ..frames import Run
from ..values import UNDEFINED, number
from .dates import translated
from .pictures import format_number

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_RADIX = {
    "x": (16, re.compile("0[xX][0-9A-Fa-f]+")),
    "o": (8, re.compile("0[oO][0-7]+")),
    "b": (2, re.compile("0[bB][01]+")),
}
_WIDE = decimal.Context(prec=800)  # holds every double exactly
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _sum(run: Run, values: Any) -> Any:
    if values is UNDEFINED:
        return UNDEFINED
    return number(functools.reduce(operator.add, values, 0))


def _max(run: Run, values: Any) -> Any:
    return max(values) if values is not UNDEFINED and values else UNDEFINED


def _min(run: Run, values: Any) -> Any:
    return min(values) if values is not UNDEFINED and values else UNDEFINED


def _average(run: Run, values: Any) -> Any:
    if values is UNDEFINED or not values:
        return UNDEFINED
    return number(functools.reduce(operator.add, values, 0) / len(values))


def _count(run: Run, values: Any) -> int:
    return 0 if values is UNDEFINED else len(values)


def _number(run: Run, value: Any) -> Any:
    if type(value) is bool:
        return int(value)
    if type(value) is not str:
        return value
    if _DECIMAL.fullmatch(value):
        parsed = float(value)
        if math.isfinite(parsed):
            return number(parsed)
    radix, form = _RADIX.get(value[1:2].lower(), (0, None))
    if form is not None and form.fullmatch(value):
        return number(int(value[2:], radix))
    raise Failure("D3030", value=value)


def _whole(value: float, rounded: Any) -> Any:
    return rounded(value) if math.isfinite(value) else value


def _floor(run: Run, value: Any) -> Any:
    return value if value is UNDEFINED else number(_whole(value, math.floor))


def _ceil(run: Run, value: Any) -> Any:
    return value if value is UNDEFINED else number(_whole(value, math.ceil))


def round_half_even(value: float, places: int) -> float:
    """Rounds the decimal that a number is written as, halves to the even neighbour."""
    if not math.isfinite(value) or places > 400:
        return value
    exact = decimal.Decimal(repr(value))
    unit = decimal.Decimal(1).scaleb(-places)
    return float(exact.quantize(unit, decimal.ROUND_HALF_EVEN, _WIDE))


def _round(run: Run, value: Any, precision: Any) -> Any:
    if value is UNDEFINED:
        return UNDEFINED
    places = 0 if precision is UNDEFINED else math.trunc(precision)
    return number(round_half_even(value, max(places, -400)))


def _abs(run: Run, value: Any) -> Any:
    return value if value is UNDEFINED else abs(value)


def _sqrt(run: Run, value: Any) -> Any:
    if value is UNDEFINED:
        return UNDEFINED
    if value < 0:
        raise Failure("D3060", value=value)
    return number(math.sqrt(value))


def _power(run: Run, base: Any, exponent: Any) -> Any:
    if base is UNDEFINED:
        return UNDEFINED
    if exponent is UNDEFINED:
        raise Failure("D3061", value=base, exp=None)
    try:
        return number(math.pow(base, exponent))
    except (ValueError, OverflowError):
        raise Failure("D3061", value=base, exp=exponent) from None


def _format_number(run: Run, value: Any, picture: Any, options: Any) -> Any:
    if value is UNDEFINED or picture is UNDEFINED:
        return UNDEFINED
    return format_number(value, picture, {} if options is UNDEFINED else options)


def _format_base(run: Run, value: Any, radix: Any) -> Any:
    if value is UNDEFINED:
        return UNDEFINED
    base = 10 if radix is UNDEFINED else int(round_half_even(radix, 0))
    if not 2 <= base <= 36:
        raise Failure("D3100", value=base)
    rest = abs(int(round_half_even(value, 0)))
    digits = ""
    while rest:
        rest, digit = divmod(rest, base)
        digits = DIGITS[digit] + digits
    return ("-" if value < 0 and digits else "") + (digits or "0")


def _format_integer(run: Run, value: Any, picture: Any) -> Any:
    if value is UNDEFINED or picture is UNDEFINED:
        return UNDEFINED
    return translated(DateTimeUtils.format_integer, math.floor(value), picture)


def _parse_integer(run: Run, text: Any, picture: Any) -> Any:
    if text is UNDEFINED or picture is UNDEFINED:
        return UNDEFINED
    try:
        parsed = translated(DateTimeUtils.parse_integer, text, picture)
    except Failure as failure:
        if failure.code == "D3137":  # the text is no number of this picture
            return math.nan
        raise
    return UNDEFINED if parsed is None else number(parsed)


FUNCTIONS = (
    native("sum", _sum, "<a<n>:n>", 1),
    native("count", _count, "<a:n>", 1),
    native("max", _max, "<a<n>:n>", 1),
    native("min", _min, "<a<n>:n>", 1),
    native("average", _average, "<a<n>:n>", 1),
    native("number", _number, "<(nsb)-:n>", 1),
    native("floor", _floor, "<n-:n>", 1),
    native("ceil", _ceil, "<n-:n>", 1),
    native("round", _round, "<n-n?:n>", 2),
    native("abs", _abs, "<n-:n>", 1),
    native("sqrt", _sqrt, "<n-:n>", 1),
    native("power", _power, "<n-n:n>", 2),
    native("formatNumber", _format_number, "<n-so?:s>", 3),
    native("formatBase", _format_base, "<n-n?:s>", 2),
    native("formatInteger", _format_integer, "<n-s:s>", 2),
    native("parseInteger", _parse_integer, "<s-s:n>", 2),
)
