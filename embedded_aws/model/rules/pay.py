"""Pay figures: ranges and single amounts with currency and period."""

from __future__ import annotations

import re
from dataclasses import dataclass

from embedded_aws.model.rules.anchored import any_of
from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.found import near
from embedded_aws.model.rules.text import Document, Span

_PATTERNS = load("pay.toml")
_SYMBOLS = {
    "us$": "USD", "usd": "USD", "$": "USD", "€": "EUR", "eur": "EUR", "euros": "EUR",
    "euro": "EUR", "£": "GBP", "gbp": "GBP", "r$": "BRL", "brl": "BRL", "c$": "CAD",
    "ca$": "CAD", "cad": "CAD", "cad$": "CAD", "a$": "AUD", "aud": "AUD", "au$": "AUD",
    "s$": "SGD", "sgd": "SGD", "nz$": "NZD", "nzd": "NZD", "hk$": "HKD", "hkd": "HKD",
    "mx$": "MXN", "mxn": "MXN", "chf": "CHF", "₹": "INR", "inr": "INR", "rs": "INR",
    "rs.": "INR", "lpa": "INR", "zł": "PLN", "pln": "PLN", "sek": "SEK", "nok": "NOK",
    "dkk": "DKK", "czk": "CZK", "kč": "CZK", "huf": "HUF", "ron": "RON", "¥": "JPY",
    "jpy": "JPY", "aed": "AED", "sar": "SAR", "zar": "ZAR", "ils": "ILS", "₪": "ILS",
    "pkr": "PKR", "bdt": "BDT", "egp": "EGP", "ngn": "NGN", "kes": "KES", "vnd": "VND",
    "php": "PHP", "₱": "PHP", "cop": "COP", "clp": "CLP", "ars": "ARS", "pen": "PEN",
}  # fmt: skip
_CURRENCY = "|".join(re.escape(name) for name in sorted(_SYMBOLS, key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[.,'\u00a0\u202f ]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,2})?(?!\d)"
_UNIT = r"(?:k|lakhs?|lakh|lpa|m|mm|mn|million|billion|bn|b)"
_BEFORE = re.compile(rf"(?<![a-z])(?P<symbol>{_CURRENCY}) ?$")
_AMOUNT = re.compile(
    rf"(?<![\d.,a-z])(?P<number>{_NUMBER})"
    rf"(?: ?(?P<unit>{_UNIT})(?![a-z]))?"
    rf"(?: ?(?P<after>{_CURRENCY})(?![a-z]))?"
)
_BETWEEN = re.compile(
    r"^ ?(?:/ ?(?:yr|year|hr|hour|h|annum|month|day|annually) ?|per (?:year|hour|annum|month|day)"
    r"|annually|hourly)? ?(?:-|–|—|‐|‑|to|and|et|und|à|a|bis|até|ad|y|hasta|~) ?(?:up to )?$"
)
_PERIODS: dict[str, str] = {name: "|".join(words) for name, words in _PATTERNS["periods"].items()}
_PERIOD_AFTER = [
    (name, re.compile(rf"^[^.;\n\x00\d$€£]{{0,28}}?(?:{words})"))
    for name, words in _PERIODS.items()
]
_PERIOD_BEFORE = [(name, re.compile(words)) for name, words in _PERIODS.items()]
_PAY_WORDS = any_of(_PATTERNS["pay_words"])
_OTHER_MONEY = any_of(_PATTERNS["other_money"])
_BONUS_WORDS = re.compile(r"bonus|commission|equity|stock|rsu")
_UP_TO = re.compile(r"(?:up to|jusqu'à|bis zu|hasta|até|fino a|maximum(?: of)?|max\.?|to)\s*$")
_FROM = re.compile(
    r"(?:from|starting (?:at|from)|start(?:s)? at|at least|minimum(?: of)?|minimum salary(?: is|:)"
    r"|à partir de|ab|desde"
    r"|a partir de)\s*$"
)
_LEAD_IN = 70
_YEARLY_FLOOR = 10_000


@dataclass(frozen=True)
class Pay:
    """Bounds of pay (None when open), ISO currency, and period of one statement."""

    minimum: float | None
    maximum: float | None
    currency: str | None
    period: str
    span: Span
    score: int


@dataclass(frozen=True)
class _Amount:
    value: float
    unit: str | None
    currency: str | None
    span: Span


def find_pay(document: Document) -> list[Pay]:
    """Statements of pay, best first; figures about other money are left out."""
    amounts = [_amount(document.low, match) for match in _AMOUNT.finditer(document.low)]
    found: list[Pay] = []
    index = 0
    while index < len(amounts):
        low = amounts[index]
        index += 1
        high = None
        while index < len(amounts) and _linked(document, high or low, amounts[index]):
            high = amounts[index]
            index += 1
        pay = _judged(document, low, high)
        if pay is not None:
            found.append(pay)
    return sorted(found, key=lambda pay: -pay.score)


def _linked(document: Document, left: _Amount, right: _Amount) -> bool:
    """True when the two are bounds of one range (some give a middle too)."""
    return bool(_BETWEEN.match(document.low[left.span.end : right.span.start]))


def _amount(low: str, match: re.Match[str]) -> _Amount:
    start, end = match.span()
    before = _BEFORE.search(low[max(start - 6, 0) : start])
    symbol = before.group("symbol") if before else match.group("after")
    unit = match.group("unit")
    currency = _SYMBOLS.get(symbol) if symbol else ("INR" if unit == "lpa" else None)
    if before is not None:
        start -= min(start, 6) - before.start()
    return _Amount(_number(match.group("number")), unit, currency, Span(start, end))


def _number(written: str) -> float:
    plain = re.sub(r"['\u00a0\u202f ]", "", written)
    last = max(plain.rfind("."), plain.rfind(","))
    if last >= 0 and len(plain) - last - 1 == 3:
        return float(re.sub(r"[.,]", "", plain))
    if last >= 0:
        return float(re.sub(r"[.,]", "", plain[:last]) + "." + plain[last + 1 :])
    return float(plain)


def _scaled(amount: _Amount, unit: str | None) -> float:
    if unit == "k":
        return amount.value * 1_000 if amount.value < 1_000 else amount.value
    if unit in {"lakh", "lakhs", "lpa"}:
        return amount.value * 100_000
    return amount.value


def _judged(document: Document, low: _Amount, high: _Amount | None) -> Pay | None:
    """The pay that one amount or range states, or None where it is not about pay."""
    last = high or low
    span = Span(low.span.start, last.span.end)
    units = {unit for unit in (low.unit, last.unit) if unit}
    if units & {"m", "mm", "mn", "million", "billion", "bn", "b"}:
        return None
    currency = low.currency or last.currency
    context = near(document, span, _PAY_WORDS, _LEAD_IN, 40)
    if not context and currency is None:
        return None
    minimum = _scaled(low, low.unit or last.unit)
    maximum = _scaled(last, last.unit or low.unit)
    stated = _period(document, span)
    period = stated or _likely_period(minimum, maximum, context)
    if period is None or minimum > maximum or not _plausible(period, minimum, maximum):
        return None
    if currency is None and not (high and context and (stated or period == "yearly")):
        return None
    bare = high is not None and minimum >= 20_000 and maximum <= 1_000_000
    if not (context or stated or bare) or _about_other_money(document, span, high is not None):
        return None
    score = 2 * (high is not None) + 2 * context + (stated is not None)
    return _bounded(document, Pay(minimum, maximum, currency, period, span, score), high is None)


def _about_other_money(document: Document, span: Span, is_range: bool) -> bool:
    """Money words right around a figure speak against pay, unless pay words stand closer."""
    before = document.low[max(document.sentence(span.start).start, span.start - 60) : span.start]
    other = [m.end() for m in _OTHER_MONEY.finditer(before)]
    pay = [m.end() for m in _PAY_WORDS.finditer(before)]
    if other and (not pay or max(other) > max(pay)):
        return True
    after = document.low[span.end : span.end + 30]
    if _OTHER_MONEY.search(after[:24]) and not pay:
        return True
    bonus = _BONUS_WORDS.search(before[-25:])
    return bool(bonus and not is_range and not pay)


def _period(document: Document, span: Span) -> str | None:
    after = document.low[span.end : span.end + 45]
    for name, pattern in _PERIOD_AFTER:
        if pattern.match(after):
            return name
    before = document.low[max(span.start - 45, 0) : span.start]
    for name, pattern in _PERIOD_BEFORE:
        if pattern.search(before):
            return name
    return None


def _likely_period(minimum: float, maximum: float, context: bool) -> str | None:
    """Only the two periods that a bare figure can hardly be mistaken for."""
    if maximum >= _YEARLY_FLOOR:
        return "yearly"
    if context and 10 <= minimum <= maximum <= 300:
        return "hourly"
    return None


def _plausible(period: str, minimum: float, maximum: float) -> bool:
    bounds = {
        "hourly": (5, 1_000),
        "daily": (40, 5_000),
        "weekly": (100, 20_000),
        "monthly": (300, 1_000_000),
        "yearly": (5_000, 50_000_000),
    }
    low, high = bounds[period]
    return low <= minimum and maximum <= high and maximum <= 20 * minimum


def _bounded(document: Document, pay: Pay, single: bool) -> Pay:
    """Opens one bound for "up to", "from" and "+", and widens the span to the whole phrase."""
    start, end = pay.span.start, pay.span.end
    before = document.low[max(start - 16, 0) : start]
    minimum, maximum = pay.minimum, pay.maximum
    if single and (match := _UP_TO.search(before)):
        minimum, start = None, start - len(before) + match.start()
    elif single and (match := _FROM.search(before)):
        maximum, start = None, start - len(before) + match.start()
    elif single and document.low[end : end + 1] == "+":
        maximum, end = None, end + 1
    after = document.low[end : end + 45]
    for name, pattern in _PERIOD_AFTER:
        if name == pay.period and (match := pattern.match(after)):
            end += match.end()
            break
    return Pay(minimum, maximum, pay.currency, pay.period, document.trimmed(start, end), pay.score)
