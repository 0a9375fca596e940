"""$formatNumber: the decimal pictures of XPath F&O 3.1, section 4.7, as JSONata reads them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..failures import Failure

_DEFAULTS = {
    "decimal-separator": ".",
    "grouping-separator": ",",
    "exponent-separator": "e",
    "infinity": "Infinity",
    "minus-sign": "-",
    "NaN": "NaN",
    "percent": "%",
    "per-mille": "\u2030",
    "zero-digit": "0",
    "digit": "#",
    "pattern-separator": ";",
}


class _Format:
    """The characters of a picture: JSONata's, with the caller's options over them."""

    def __init__(self, options: dict[str, Any]) -> None:
        named = {**_DEFAULTS, **{key: str(value) for key, value in options.items()}}
        self.point = named["decimal-separator"]
        self.group = named["grouping-separator"]
        self.exponent = named["exponent-separator"]
        self.minus = named["minus-sign"]
        self.percent = named["percent"]
        self.per_mille = named["per-mille"]
        self.optional = named["digit"]
        self.separator = named["pattern-separator"]
        zero = ord(named["zero-digit"][:1] or "0")
        self.digits = "".join(chr(zero + digit) for digit in range(10))
        self.active = {*self.digits, self.point, self.exponent, self.group, self.optional}

    def mandatory(self, part: str) -> int:
        return sum(char in self.digits for char in part)

    def places(self, part: str) -> int:
        return sum(char in self.digits or char == self.optional for char in part)


@dataclass(frozen=True)
class _Picture:
    """One sub-picture, analysed."""

    text: str
    prefix: str
    suffix: str
    active: str
    integer: str
    fraction: str
    exponent: str | None


def format_number(value: float, picture: str, options: dict[str, Any]) -> str:
    """The number in the picture; raises D3080 to D3093 for a picture that is wrong."""
    form = _Format(options)
    texts = picture.split(form.separator)
    if len(texts) > 2:
        raise Failure("D3080")
    pictures = [_split(text, form) for text in texts]
    for part in pictures:
        _check(part, form)
    chosen = pictures[0] if value >= 0 else pictures[-1]
    sign = form.minus if value < 0 and len(pictures) == 1 else ""
    return sign + chosen.prefix + _body(value, chosen, form) + chosen.suffix


def _split(text: str, form: _Format) -> _Picture:
    marks = [at for at, char in enumerate(text) if char in form.active and char != form.exponent]
    if not marks:
        raise Failure("D3086")  # not D3085: JSONata names the last rule that is broken
    first, last = marks[0], marks[-1] + 1
    active = text[first:last]
    mantissa, exponent = active, None
    if form.exponent in active:
        mantissa, _, exponent = active.partition(form.exponent)
    integer, _, fraction = mantissa.partition(form.point)
    return _Picture(text, text[:first], text[last:], active, integer, fraction, exponent)


def _check(part: _Picture, form: _Format) -> None:
    """Raises for the last rule that the sub-picture breaks, in JSONata's order."""
    point = part.text.find(form.point)
    beside = part.text[max(point - 1, 0) : point + 2]
    mandatory = [at for at, char in enumerate(part.integer) if char in form.digits]
    optional = [at for at, char in enumerate(part.integer) if char == form.optional]
    broken = {
        "D3081": part.text.count(form.point) > 1,
        "D3082": part.text.count(form.percent) > 1,
        "D3083": part.text.count(form.per_mille) > 1,
        "D3084": form.percent in part.text and form.per_mille in part.text,
        "D3085": not form.places(part.integer + part.fraction),
        "D3086": any(char not in form.active for char in part.active),
        "D3087": point >= 0 and form.group in beside,
        "D3088": point < 0 and part.integer.endswith(form.group),
        "D3089": form.group * 2 in part.text,
        "D3090": bool(mandatory and optional and mandatory[0] < optional[-1]),
        "D3091": _digit_after_optional(part.fraction, form),
        "D3092": bool(part.exponent) and (form.percent in part.text or form.per_mille in part.text),
        "D3093": part.exponent is not None
        and (not part.exponent or any(char not in form.digits for char in part.exponent)),
    }
    codes = [code for code, found in broken.items() if found]
    if codes:
        raise Failure(codes[-1])


def _digit_after_optional(fraction: str, form: _Format) -> bool:
    at = fraction.find(form.optional)
    return at >= 0 and form.mandatory(fraction[at:]) > 0


def _body(value: float, part: _Picture, form: _Format) -> str:
    from .numbers import round_half_even

    scale = 100 if form.percent in part.text else 1000 if form.per_mille in part.text else 1
    least_integer = form.mandatory(part.integer)
    least_fraction, most_fraction = form.mandatory(part.fraction), form.places(part.fraction)
    scaling = least_integer
    if least_integer == 0 and most_fraction == 0:
        if part.exponent is None:
            least_integer = 1
        else:
            least_fraction = most_fraction = 1
    if part.exponent is not None and least_integer == 0 and form.optional in part.integer:
        least_integer = 1
    if least_integer == 0 and least_fraction == 0:
        least_fraction = 1
    mantissa, exponent = value * scale, 0
    if part.exponent is not None:
        mantissa, exponent = _scaled(mantissa, scaling)
    digits = f"{abs(round_half_even(mantissa, most_fraction)):.{most_fraction}f}"
    whole, _, rest = digits.partition(".")
    whole = whole.lstrip("0").rjust(least_integer, "0")
    rest = rest.rstrip("0").ljust(least_fraction, "0")
    text = _grouped(whole, part, form)
    if rest and form.point in part.text:
        text += form.point + _grouped_fraction(rest, part, form)
    if part.exponent is not None:
        power = str(abs(exponent)).rjust(len(part.exponent), "0")
        text += form.exponent + (form.minus if exponent < 0 else "") + power
    return text.translate({ord(str(at)): form.digits[at] for at in range(10)})


def _scaled(mantissa: float, scaling: int) -> tuple[float, int]:
    """Mantissa and exponent with as many integer digits as the picture has."""
    exponent = 0
    if not mantissa or not math.isfinite(mantissa):
        return mantissa, 0
    sign, mantissa = math.copysign(1, mantissa), abs(mantissa)
    while mantissa < 10.0 ** (scaling - 1):
        mantissa *= 10
        exponent -= 1
    while mantissa > 10.0**scaling:
        mantissa /= 10
        exponent += 1
    return sign * mantissa, exponent


def _grouped(whole: str, part: _Picture, form: _Format) -> str:
    positions = [
        form.places(part.integer[at:]) for at, char in enumerate(part.integer) if char == form.group
    ]
    if positions:
        step = math.gcd(*positions)
        if set(positions) == {step * (at + 1) for at in range(len(positions))}:
            positions = list(range(step, len(whole), step))
    cuts = sorted({len(whole) - position for position in positions if position < len(whole)})
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    return form.group.join(parts)


def _grouped_fraction(rest: str, part: _Picture, form: _Format) -> str:
    positions = [
        form.places(part.fraction[:at])
        for at, char in enumerate(part.fraction)
        if char == form.group
    ]
    cuts = [position for position in positions if position < len(rest)]
    parts = [rest[a:b] for a, b in zip([0, *cuts], [*cuts, len(rest)], strict=True)]
    return form.group.join(parts)
