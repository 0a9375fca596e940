from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions.definition import Retrier
from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations.base import Call
from embedded_aws.stepfunctions.retry import Retries, matches

Machine = Callable[..., dict[str, Any]]
Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("name", "patterns", "expected"),
    [
        ("Boom", ["Boom"], True),
        ("Boom", ["Bang"], False),
        ("Boom", ["States.ALL"], True),
        ("Boom", ["States.TaskFailed"], True),
        ("States.Timeout", ["States.TaskFailed"], False),
        ("States.Timeout", ["States.ALL"], True),
        ("States.Runtime", ["States.ALL"], False),
        ("States.Runtime", ["States.Runtime"], False),
        ("States.QueryEvaluationError", ["States.ALL"], True),
        (None, ["States.ALL"], True),
    ],
)
def test_matches(name: str | None, patterns: list[str], expected: bool) -> None:
    assert matches(StatesError(name), patterns) is expected


def test_a_data_limit_of_a_state_is_caught_by_its_name_only() -> None:
    error = StatesError("States.DataLimitExceeded", wildcard=False)
    assert not matches(error, ["States.ALL"])
    assert not matches(error, ["States.TaskFailed"])
    assert matches(error, ["States.DataLimitExceeded"])


def _delays(*retriers: Retrier, errors: list[str]) -> list[float | None]:
    retries = Retries(retriers, random.Random(1))
    return [retries.delay(StatesError(name)) for name in errors]


def test_backoff_grows_up_to_the_longest_delay() -> None:
    retrier = Retrier(("States.ALL",), interval=3, max_attempts=5, backoff=2.0, max_delay=10)
    assert _delays(retrier, errors=["E"] * 6) == [3.0, 6.0, 10.0, 10.0, 10.0, None]


def test_the_first_retrier_that_matches_counts_also_when_spent() -> None:
    first = Retrier(("A",), interval=1, max_attempts=1)
    second = Retrier(("States.ALL",), interval=5, max_attempts=2, backoff=1.0)
    assert _delays(first, second, errors=["A", "A"]) == [1.0, None]
    assert _delays(first, second, errors=["B", "A", "B", "B"]) == [5.0, 1.0, 5.0, None]


def test_full_jitter_takes_a_part_of_the_delay() -> None:
    retrier = Retrier(("States.ALL",), interval=100, max_attempts=50, backoff=1.0, full_jitter=True)
    found = [delay for delay in _delays(retrier, errors=["E"] * 50) if delay is not None]
    assert len(found) == 50
    assert all(0.0 <= delay <= 100.0 for delay in found)
    assert len(set(found)) > 40


def test_a_huge_backoff_is_no_overflow() -> None:
    retrier = Retrier(("States.ALL",), max_attempts=2000, backoff=1e300)
    assert _delays(retrier, errors=["E"] * 3)[2] == 31_622_400.0


def _failing(times: int) -> Callable[[Any, Call], Any]:
    left = [times]

    async def service(arguments: Any, call: Call) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise StatesError("Boom", "no")
        return "fine"

    return service


def _task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::test:work",
        "Arguments": {},
        "End": True,
    } | fields


def test_a_retry_waits_and_tries_again(run: Run, machine: Machine) -> None:
    retry = [{"ErrorEquals": ["Boom"], "IntervalSeconds": 2, "MaxAttempts": 2}]
    output = ["{% $states.result %}", "{% $states.context.State.RetryCount %}"]
    ended = run(machine({"T": _task(Retry=retry, Output=output)}), work=_failing(2))
    assert ended.output == ["fine", 2]
    assert ended.seconds == 6.0
    assert ended.types.count("TaskStateEntered") == 1
    assert ended.types.count("TaskFailed") == 2


def test_a_spent_retry_leads_to_the_catcher(run: Run, machine: Machine) -> None:
    states = {
        "T": _task(
            Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
            Catch=[
                {"ErrorEquals": ["Other"], "Next": "Wrong"},
                {
                    "ErrorEquals": ["States.ALL"],
                    "Next": "Right",
                    "Assign": {"e": "{% $states.errorOutput.Error %}"},
                    "Output": "{% $states.errorOutput.Cause %}",
                },
            ],
        ),
        "Wrong": {"Type": "Fail"},
        "Right": {"Type": "Succeed", "Output": ["{% $e %}", "{% $states.input %}"]},
    }
    ended = run(machine(states), work=_failing(9))
    assert ended.output == ["Boom", "no"]


def test_a_failed_output_is_retried_and_caught_like_the_task(run: Run, machine: Machine) -> None:
    states = {
        "T": _task(
            Output="{% $states.result.absent %}",
            Retry=[{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}],
            Catch=[{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
        ),
        "Caught": {"Type": "Succeed", "Output": "{% $states.input.Error %}"},
    }
    ended = run(machine(states), work=_failing(0))
    assert ended.output == "States.QueryEvaluationError"
    assert ended.types.count("TaskSucceeded") == 2
    assert ended.types.count("EvaluationFailed") == 2


def test_runtime_errors_pass_every_catcher(run: Run, machine: Machine) -> None:
    async def work(arguments: Any, call: Call) -> Any:
        raise StatesError("States.Runtime", "broken")

    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    branch = {"StartAt": "T", "States": {"T": _task()}}
    states = {
        "P": {"Type": "Parallel", "Branches": [branch], "Catch": catch, "End": True},
        "Caught": {"Type": "Succeed"},
    }
    ended = run(machine(states), work=work)
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")
