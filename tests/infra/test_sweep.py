"""The rule that starts a sweep for each death."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.lint.program import Stack

Inputs = Callable[[str, str], Mapping[str, Any]]

HERE = "us-east-1:123456789012"
THING = "sweep-on-death"


def test_the_rule_matches_the_deaths_of_those_who_hold_something(stack: Stack) -> None:
    machines = f"arn:aws:states:{HERE}:stateMachine:data-engineer-jobs-{stack.name}"

    assert json.loads(stack.inputs("EventRule", THING)["eventPattern"]) == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["ABORTED", "FAILED", "TIMED_OUT"],
            "stateMachineArn": [f"{machines}-enrich-partition", f"{machines}-enrich-posting"],
        },
    }


def test_the_sweep_is_told_the_execution_and_nothing_of_its_input(inputs: Inputs) -> None:
    target = inputs("EventTarget", THING)

    assert target["arn"] == f"arn:aws:states:{HERE}:stateMachine:data-engineer-jobs-dev-sweep-slots"
    assert target["rule"] == "data-engineer-jobs-dev-sweep-on-death"
    assert target["inputTransformer"] == {
        "inputPaths": {"execution": "$.detail.executionArn"},
        "inputTemplate": '{"execution": <execution>}',
    }


def test_the_rule_may_start_the_sweep_and_nothing_else(dev: Stack) -> None:
    (statement,) = dev.statements(THING).values()

    assert statement["Action"] == ["states:StartExecution"]
    assert statement["Resource"] == [
        f"arn:aws:states:{HERE}:stateMachine:data-engineer-jobs-dev-sweep-slots"
    ]
