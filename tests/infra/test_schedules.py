"""What starts by itself, and when."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.lint.program import Stack

Inputs = Callable[[str, str], Mapping[str, Any]]
Statements = Callable[[str], Mapping[str, Mapping[str, Any]]]

MACHINE = (
    "arn:aws:states:us-east-1:123456789012:stateMachine:data-engineer-jobs-dev-enrich-partitions"
)


def test_partitions_are_enriched_daily_at_six_utc(inputs: Inputs) -> None:
    schedule = inputs("Schedule", "enrich-partitions")

    assert schedule["scheduleExpression"] == "cron(0 6 * * ? *)"
    assert schedule["scheduleExpressionTimezone"] == "UTC"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}
    assert schedule["state"] == "ENABLED"
    assert schedule["groupName"] == "data-engineer-jobs-dev-schedules"
    assert schedule["target"]["arn"] == MACHINE
    assert json.loads(schedule["target"]["input"]) == {
        "source": "scheduled",
        "time": "daily-6am-utc",
    }


@pytest.mark.parametrize(
    ("thing", "expression"),
    [("discover-postings", "rate(1 hour)"), ("sweep-slots", "rate(15 minutes)")],
)
def test_others_start_more_often(stack: Stack, thing: str, expression: str) -> None:
    schedule = stack.inputs("Schedule", thing)

    assert schedule["scheduleExpression"] == expression
    assert schedule["state"] == "ENABLED"
    assert schedule["target"]["arn"].endswith(f"-{stack.name}-{thing}")
    assert json.loads(schedule["target"]["input"])["source"] == "scheduled"


def test_the_schedule_may_start_its_workflow_and_no_more(
    inputs: Inputs, statements: Statements
) -> None:
    (trust,) = json.loads(inputs("Role", "enrich-partitions-schedule")["assumeRolePolicy"])[
        "Statement"
    ]

    assert statements("enrich-partitions-schedule") == {
        "StartTarget": {
            "Sid": "StartTarget",
            "Effect": "Allow",
            "Action": ["states:StartExecution"],
            "Resource": [MACHINE],
        }
    }
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
