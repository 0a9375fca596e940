"""Dates: ISO 8601 in and out, and pictures."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from typing import Any

from jsonata.datetimeutils import DateTimeUtils
from jsonata.jexception import JException

from ..calls import native
from ..failures import MESSAGES, Failure
from ..frames import Run
from ..values import UNDEFINED

_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
    r"(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(?:(Z)|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_ZONE = re.compile(r"[+-]\d{4}", re.ASCII)
_DATE_PART = re.compile(r"\[\s*[YMDdXxWwF]")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
# what the picture code of the library raises besides its own errors
_LIBRARY_ERRORS = (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError)


def translated(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls the library's picture code; its errors become ours."""
    try:
        return function(*arguments)
    except JException as error:
        if error.error in MESSAGES:
            raise Failure(error.error, value=error.current) from None
        raise Failure("D3137", message=str(error)) from None
    except RecursionError:
        raise
    except RuntimeError:
        raise Failure("D3130", value=arguments[-1]) from None
    except _LIBRARY_ERRORS as error:
        raise Failure("D3137", message=f"Invalid picture or value: {error}") from None


def iso_text(millis: float) -> str:
    """An instant as `2026-01-31T06:00:00.000Z`."""
    try:
        moment = _EPOCH + datetime.timedelta(milliseconds=math.floor(millis))
    except (OverflowError, ValueError):
        raise Failure("D3137", message=f"Timestamp out of range: {millis}") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.").rjust(20, "0") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def _formatted(millis: float, picture: Any, zone: Any) -> str:
    valid = type(zone) is str and _ZONE.fullmatch(zone) is not None
    if picture is UNDEFINED and not valid:
        return iso_text(millis)
    text: str = translated(
        DateTimeUtils.format_datetime,
        math.floor(millis),
        None if picture is UNDEFINED else picture,
        zone if valid else None,
    )
    return text


def _now(run: Run, picture: Any, zone: Any) -> str:
    return _formatted(_millis(run), picture, zone)


def _millis(run: Run) -> int:
    return math.floor(run.now * 1000 + 1e-6)  # seconds as a double lose the last digits


def _from_millis(run: Run, millis: Any, picture: Any, zone: Any) -> Any:
    if type(millis) not in (int, float) or not math.isfinite(millis):
        return UNDEFINED
    return _formatted(millis, picture, zone)


def _dated(run: Run, text: str, picture: str) -> tuple[str, str]:
    """Text and picture with the date that a picture of a time alone takes from the clock.

    The library would take it from the machine's clock instead of the engine's.
    """
    if _DATE_PART.search(picture):
        return text, picture
    return f"{iso_text(_millis(run))[:10]} {text}", f"[Y0001]-[M01]-[D01] {picture}"


def _to_millis(run: Run, text: Any, picture: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    if picture is not UNDEFINED:
        dated = _dated(run, text, picture)
        parsed = translated(DateTimeUtils.parse_datetime, *dated)
        return UNDEFINED if parsed is None else parsed
    found = _ISO.fullmatch(text)
    if found is None:
        raise Failure("D3110", value=text)
    year, month, day, hour, minute, second, fraction = found.groups()[:7]
    try:
        moment = datetime.datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=datetime.UTC,
        )
    except ValueError:
        raise Failure("D3110", value=text) from None
    seconds = (moment - _EPOCH) // datetime.timedelta(seconds=1)
    if found[9]:
        offset = (int(found[10]) * 60 + int(found[11])) * 60
        seconds -= offset if found[9] == "+" else -offset
    return seconds * 1000 + int((fraction or "0")[:3].ljust(3, "0"))


FUNCTIONS = (
    native("now", _now, "<s?s?:s>", 2),
    native("millis", _millis, "<:n>", 0),
    native("fromMillis", _from_millis, "<x-s?s?:s>", 3),
    native("toMillis", _to_millis, "<s-s?:n>", 2),
)
