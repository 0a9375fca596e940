"""Comparing what the engine did with what AWS recorded, placeholders included."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

IGNORED = frozenset(
    {
        "ResponseMetadata", "roleArn", "inputDetails", "outputDetails",
        "assignedVariablesDetails", "SdkHttpMetadata", "SdkResponseMetadata", "ExecutedVersion",
        "redriveCount", "redriveStatus", "redriveStatusReason", "redriveDate", "requestId",
        "stackTrace", "timestamp", "taskCredentials",
    }
)  # fmt: skip
COMPARED = (
    "name", "input", "output", "assignedVariables", "error", "index", "length", "parameters",
    "resource", "resourceType", "timeoutInSeconds", "heartbeatInSeconds", "state", "location",
    "workerName",
)  # fmt: skip
ANYTHING = frozenset(
    {
        "timestamp", "snf_role_arn", "sfn_role_arn", "activity_arn", "RequestId", "request_id",
        "x-amzn-RequestId", "X-Amzn-Trace-Id",
    }
)  # fmt: skip

# Placeholders inside longer texts: <uuid:1>, <ArnPart_0idx>, and the word date.
_PLACEHOLDER = re.compile(r"<[A-Za-z_][\w:.\- ]*>|\bdate\b")
_DATE = re.compile(r"date|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_JSON_START = re.compile(r'\s*[\[{"\-0-9tfn]')


def plain(value: Any) -> Any:
    """JSON texts parsed at any depth, ignored members dropped."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in IGNORED}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and _JSON_START.match(value):
        try:
            return plain(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value


class Matcher:
    """Matches recorded values; one placeholder name stands for one value in all of a case."""

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}

    def difference(self, expected: Any, actual: Any, where: str = "") -> str | None:
        """The first difference of two plain values, None where they match."""
        if isinstance(expected, dict) and isinstance(actual, dict):
            return self._objects(expected, actual, where)
        if isinstance(expected, list) and isinstance(actual, list):
            if len(expected) != len(actual):
                return f"{where or '/'}: expected {len(expected)} items, got {len(actual)}"
            for number, (left, right) in enumerate(zip(expected, actual, strict=True)):
                found = self.difference(left, right, f"{where}[{number}]")
                if found:
                    return found
            return None
        if isinstance(expected, str) and self._text(expected, actual):
            return None
        if type(expected) is not bool and type(actual) is not bool and expected == actual:
            return None
        if expected is actual:
            return None
        return f"{where or '/'}: expected {_short(expected)}, got {_short(actual)}"

    def _objects(self, expected: dict[str, Any], actual: dict[str, Any], where: str) -> str | None:
        for key, value in expected.items():
            if key not in actual:
                return f"{where}/{key}: expected {_short(value)}, got nothing"
            if value == "timestamp" and "timestamp" in key.lower():
                continue
            found = self.difference(value, actual[key], f"{where}/{key}")
            if found:
                return found
        extra = actual.keys() - expected.keys()
        if extra:
            key = sorted(extra)[0]
            return f"{where}/{key}: expected nothing, got {_short(actual[key])}"
        return None

    def _text(self, expected: str, actual: Any) -> bool:
        if expected == actual or expected in ANYTHING:
            return True
        names = _PLACEHOLDER.findall(expected)
        if not names:
            return False
        if not isinstance(actual, str):
            return len(names) == 1 and names[0] == expected
        literal = _PLACEHOLDER.split(expected)
        pattern = "(.*?)".join(re.escape(part) for part in literal)
        found = re.fullmatch(pattern, actual, re.DOTALL)
        if found is None:
            return False
        return all(self._bind(name, text) for name, text in zip(names, found.groups(), strict=True))

    def _bind(self, name: str, text: str) -> bool:
        if name == "date":
            return _DATE.fullmatch(text) is not None
        return self.bound.setdefault(name, text) == text


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 160 else f"{text[:157]}..."


def reduced(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it is compared: its type and the details that the recordings fix."""
    details: dict[str, Any] = next(
        (value for key, value in event.items() if key.endswith("EventDetails")), {}
    )
    return {"type": event["type"]} | {
        key: plain(details[key]) for key in COMPARED if details.get(key) is not None
    }


def compare_events(
    expected: list[dict[str, Any]], actual: list[dict[str, Any]], loose: bool, subset: bool
) -> str | None:
    """The first difference.

    `loose` allows another order (branches and iterations interleave by timing), `subset` also
    events that the recording lacks (its normalised part is incomplete).
    """
    left, right = [reduced(e) for e in expected], [reduced(e) for e in actual]
    in_order = _sequence(left, right)
    if in_order is None or not loose:
        return in_order
    return _multiset(left, right, subset)


def _sequence(left: list[Any], right: list[Any]) -> str | None:
    matcher = Matcher()
    for number, (one, other) in enumerate(zip(left, right, strict=False), 1):
        found = matcher.difference(one, other)
        if found:
            return f"event {number} ({one['type']}): {found}"
    if len(left) != len(right):
        return f"expected {len(left)} events, got {len(right)}: {_extra(left, right)}"
    return None


def _extra(left: list[Any], right: list[Any]) -> str:
    longer, word = (left, "missing") if len(left) > len(right) else (right, "surplus")
    rest = [event["type"] for event in longer[min(len(left), len(right)) :]]
    return f"{word} {', '.join(rest[:5])}"


def _multiset(left: list[Any], right: list[Any], subset: bool) -> str | None:
    rest = list(right)
    for one in left:
        for number, other in enumerate(rest):
            if Matcher().difference(one, other) is None:
                del rest[number]
                break
        else:
            return f"no event like {_short(one)}"
    if subset:
        rest = [event for event in rest if not event["type"].startswith("ParallelState")]
    return f"surplus event {_short(rest[0])}" if rest else None


def same_ids(expected: Iterable[dict[str, Any]], actual: Iterable[dict[str, Any]]) -> bool:
    """Whether ids and causes agree too: informative, since AWS itself changed some of them."""
    return [(e["id"], e["previousEventId"]) for e in expected] == [
        (e["id"], e["previousEventId"]) for e in actual
    ]
