"""Missing data, by the tables of CloudWatch's user guide."""

from __future__ import annotations

import pytest

from embedded_aws.dataplane.monitoring import metric_math
from embedded_aws.dataplane.monitoring.evaluation import judged

SYMBOLS = {"0": 1.0, "X": 100.0, "-": None}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def states(row: str, needed: int) -> list[str]:
    """The state for each treatment; KEPT where it stays."""
    alarm = {
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": needed,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 10,
        "StateValue": "KEPT",
        "StateReason": "",
    }
    values = [SYMBOLS[symbol] for symbol in row.split()]
    return [judged({**alarm, "TreatMissingData": t}, values).state for t in TREATMENTS]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 - X - X", "OK OK OK OK"),
        ("0 - - - -", "OK OK OK OK"),
        ("- - - - -", "INSUFFICIENT_DATA KEPT ALARM OK"),
        ("0 X X - X", "ALARM ALARM ALARM ALARM"),
        ("- - X - -", "ALARM KEPT ALARM OK"),
    ],
)
def test_three_of_three(row: str, expected: str) -> None:
    assert states(row, needed=3) == expected.split()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 - X - X", "ALARM ALARM ALARM ALARM"),
        ("0 0 X 0 X", "ALARM ALARM ALARM ALARM"),
        ("0 - X - -", "OK OK ALARM OK"),
        ("- - - - 0", "OK OK ALARM OK"),
        ("- - - X -", "ALARM KEPT ALARM OK"),
    ],
)
def test_two_of_three(row: str, expected: str) -> None:
    assert states(row, needed=2) == expected.split()


def test_a_single_fresh_value_is_no_premature_alarm() -> None:
    assert states("- - - - X", needed=3)[0] == "KEPT"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 / m2 * 100", [50.0, None, None]),
        ("-(m1 + 1) ^ 2", [-4.0, -9.0, None]),
        ("FILL(m1, 0) + 1", [2.0, 3.0, 1.0]),
        ("IF(m1 > 1, m2, 7)", [7.0, 0.0, None]),
        ("SUM([m1, m2])", [3.0, 2.0, 4.0]),
        ("MAX([m1, m2, 3])", [3.0, 3.0, 4.0]),
    ],
)
def test_metric_math(expression: str, expected: list[float | None]) -> None:
    series: dict[str, list[float | None]] = {"m1": [1.0, 2.0, None], "m2": [2.0, 0.0, 4.0]}
    assert metric_math.evaluate(expression, series, 3) == expected
