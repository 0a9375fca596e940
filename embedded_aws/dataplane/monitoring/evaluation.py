"""Whether an alarm is in ALARM: its latest periods against its threshold, missing data as AWS.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"

EXTRA_PERIODS = 2  # looked at beyond the evaluated ones, for data in place of what is missing

Alarm = dict[str, Any]

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True)
class Verdict:
    """A state and the sentence that explains it."""

    state: str
    reason: str


def periods(alarm: Alarm) -> int:
    """How many periods an evaluation looks at."""
    return int(alarm["EvaluationPeriods"]) + EXTRA_PERIODS


def judged(alarm: Alarm, values: Sequence[float | None]) -> Verdict:
    """The state for values of `periods(alarm)` periods, oldest first."""
    wanted = int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm") or wanted)
    breaches = COMPARISONS[alarm["ComparisonOperator"]][0]
    threshold = float(alarm["Threshold"])
    seen = [None if v is None else breaches(v, threshold) for v in values]
    real = [breached for breached in seen if breached is not None]
    shown = [value for value in values if value is not None][-wanted:]
    if len(real) >= wanted:
        return _verdict(alarm, sum(real[-wanted:]) >= needed, shown)
    treatment = alarm.get("TreatMissingData") or "missing"
    if treatment in ("breaching", "notBreaching"):
        filled = sum(real) + (wanted - len(real) if treatment == "breaching" else 0)
        return _verdict(alarm, filled >= needed, shown)
    if not real:
        state = alarm["StateValue"] if treatment == "ignore" else INSUFFICIENT
        return Verdict(state, "Insufficient Data: no datapoints were received.")
    if sum(real) >= needed or not all(real):
        return _verdict(alarm, sum(real) >= needed, shown)
    # All there is breaches, but there is too little of it.
    latest_first = seen[::-1]
    oldest = max(index for index, breached in enumerate(latest_first) if breached) + 1
    if treatment == "missing" and oldest >= needed:
        return _verdict(alarm, True, shown)
    return Verdict(alarm["StateValue"], alarm["StateReason"])


def _verdict(alarm: Alarm, alarmed: bool, shown: Sequence[float]) -> Verdict:
    words = COMPARISONS[alarm["ComparisonOperator"]][1]
    number = len(shown)
    noun, verb = ("datapoint", "was") if number == 1 else ("datapoints", "were")
    listed = ", ".join(str(value) for value in reversed(shown))
    points = f"{number} {noun} [{listed}]" if number else "no datapoints were received"
    if not number:
        missing = alarm.get("TreatMissingData")
        return Verdict(
            ALARM if alarmed else OK,
            f"Threshold Crossed: {points} and missing data was treated as {missing}.",
        )
    negation = "" if alarmed else "not "
    return Verdict(
        ALARM if alarmed else OK,
        f"Threshold Crossed: {points} {verb} {negation}{words} the threshold "
        f"({float(alarm['Threshold'])}).",
    )
