from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Machine = Callable[..., dict[str, Any]]
Run = Callable[..., Any]


def test_assign_and_output_see_the_values_at_entry(run: Run, machine: Machine) -> None:
    states = {
        "One": {"Type": "Pass", "Assign": {"x": 1}, "Next": "Two"},
        "Two": {
            "Type": "Pass",
            "Assign": {"x": "{% $x + 1 %}", "y": "{% $x %}"},
            "Output": "{% $x %}",
            "Next": "Three",
        },
        "Three": {"Type": "Succeed", "Output": ["{% $states.input %}", "{% $x %}", "{% $y %}"]},
    }
    ended = run(machine(states))
    assert ended.output == [1, 2, 1]
    exited = [e["stateExitedEventDetails"] for e in ended.events if "Exited" in e["type"]]
    assert exited[1]["assignedVariables"] == {"x": "2", "y": "1"}


def test_a_choice_rule_uses_its_own_output_and_the_default_the_states(
    run: Run, machine: Machine
) -> None:
    states = {
        "Pick": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": "{% $states.input.n > 1 %}",
                    "Next": "Done",
                    "Output": "rule",
                    "Assign": {"by": "rule"},
                }
            ],
            "Default": "Done",
            "Output": "default",
            "Assign": {"by": "state"},
        },
        "Done": {"Type": "Succeed", "Output": ["{% $states.input %}", "{% $by %}"]},
    }
    assert run(machine(states), {"n": 2}).output == ["rule", "rule"]
    assert run(machine(states), {"n": 1}).output == ["default", "state"]


def test_a_choice_without_a_match_fails(run: Run, machine: Machine) -> None:
    states = {
        "Pick": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "Done"}]},
        "Done": {"Type": "Succeed"},
    }
    ended = run(machine(states))
    assert (ended.status, ended.error) == ("FAILED", "States.NoChoiceMatched")


def test_a_condition_must_be_a_boolean(run: Run, machine: Machine) -> None:
    states = {
        "Pick": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% 1 %}", "Next": "Done"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    }
    ended = run(machine(states))
    assert ended.error == "States.QueryEvaluationError"
    assert "Expected 'boolean', but was 'number' for value: 1" in ended.cause


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"Seconds": 0}, 0.0),
        ({"Seconds": 86_400}, 86_400.0),
        ({"Seconds": "{% $states.input.s %}"}, 7.0),
        ({"Timestamp": "2026-01-01T00:01:00Z"}, 60.0),
        ({"Timestamp": "2026-01-01T01:01:00+01:00"}, 60.0),
        ({"Timestamp": "{% $states.input.t %}"}, 1.5),
        ({"Timestamp": "2016-03-14T01:59:00Z"}, 0.0),
    ],
)
def test_wait(run: Run, machine: Machine, fields: dict[str, Any], seconds: float) -> None:
    states = {"Wait": {"Type": "Wait", **fields, "End": True}}
    ended = run(machine(states), {"s": 7, "t": "2026-01-01T00:00:01.500Z"})
    assert ended.status == "SUCCEEDED"
    assert ended.seconds == seconds


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("{% 1.5 %}", "The Seconds field cannot be parsed as an integer: 1.5"),
        ("{% 'x' %}", "The Seconds field cannot be parsed as an integer: x"),
        ("{% -1 %}", "The Seconds field must be at least 0 but was: -1"),
    ],
)
def test_wait_refuses_what_is_no_number_of_seconds(
    run: Run, machine: Machine, expression: str, sentence: str
) -> None:
    ended = run(machine({"W": {"Type": "Wait", "Seconds": expression, "End": True}}))
    assert ended.error == "States.QueryEvaluationError"
    assert ended.cause.endswith(sentence)


def test_fail_keeps_error_and_cause_apart(run: Run, machine: Machine) -> None:
    ended = run(machine({"F": {"Type": "Fail", "Error": "{% 'E' & 1 %}"}}))
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "E1", None)
    assert ended.types == ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]
    ended = run(machine({"F": {"Type": "Fail", "Cause": "because"}}))
    assert ended.details("ExecutionFailed") == {"cause": "because"}


def test_an_undefined_result_fails_the_state(run: Run, machine: Machine) -> None:
    ended = run(machine({"P": {"Type": "Pass", "Output": {"a": "{% $nothing %}"}, "End": True}}))
    assert ended.error == "States.QueryEvaluationError"
    failed = ended.details("EvaluationFailed")
    assert (failed["state"], failed["location"]) == ("P", "Output/a")
    assert ended.events[2]["previousEventId"] == 2


def test_the_context_has_awss_members_in_order(run: Run, machine: Machine) -> None:
    states = {"P": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}}
    context = run(machine(states), {"a": 1}).output
    assert list(context) == ["Execution", "StateMachine", "State"]
    assert list(context["Execution"]) == [
        "Id", "Input", "StartTime", "Name", "RoleArn", "RedriveCount",
    ]  # fmt: skip
    assert context["Execution"]["Input"] == {"a": 1}
    assert context["Execution"]["StartTime"] == "2026-01-01T00:00:00.000Z"
    assert context["State"] == {"Name": "P", "EnteredTime": "2026-01-01T00:00:00.000Z"}
    assert context["StateMachine"]["Name"] == "machine"


def test_texts_of_a_jsonpath_state_are_plain(run: Run) -> None:
    definition = {
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "Assign": {"x": "{% $y %}"}, "End": True}},
    }
    ended = run(definition)
    assert ended.details("PassStateExited")["assignedVariables"] == {"x": '"{% $y %}"'}


def test_a_loop_ends_at_the_25000th_event(run: Run, machine: Machine) -> None:
    states = {
        "Again": {"Type": "Pass", "Next": "Pick"},
        "Pick": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% false %}", "Next": "Done"}],
            "Default": "Again",
        },
        "Done": {"Type": "Succeed"},
    }
    ended = run(machine(states))
    assert len(ended.events) == 25_000
    assert ended.types[-1] == "ExecutionFailed"
    assert ended.error == "States.Runtime"


def test_branches_that_fill_the_history_end_with_their_execution(
    run: Run, machine: Machine
) -> None:
    loop = {
        "StartAt": "Loop",
        "States": {
            "Loop": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% false %}", "Next": "End"}],
                "Default": "Loop",
            },
            "End": {"Type": "Succeed"},
        },
    }
    wait = {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 9, "End": True}}}
    states = {"Both": {"Type": "Parallel", "Branches": [loop, wait], "End": True}}
    ended = run(machine(states))
    assert (len(ended.events), ended.error) == (25_000, "States.Runtime")


@pytest.mark.parametrize(("size", "status"), [(262_144, "SUCCEEDED"), (262_145, "FAILED")])
def test_an_output_may_have_262144_bytes(
    run: Run, machine: Machine, size: int, status: str
) -> None:
    text = f"{{% $pad('', 100000, 'x') & $pad('', {size - 100_002}, 'x') %}}"  # and two quotes
    ended = run(machine({"P": {"Type": "Pass", "Output": text, "End": True}}))
    assert ended.status == status
    if status == "FAILED":
        assert ended.error == "States.DataLimitExceeded"


def test_bytes_are_counted_not_characters(run: Run, machine: Machine) -> None:
    states = {"P": {"Type": "Pass", "Output": "{% $pad('', 131072, 'é') %}", "End": True}}
    assert run(machine(states)).error == "States.DataLimitExceeded"


@pytest.mark.parametrize(("count", "status"), [(40, "SUCCEEDED"), (41, "FAILED")])
def test_all_variables_may_have_ten_mebibytes(
    run: Run, machine: Machine, count: int, status: str
) -> None:
    states: dict[str, Any] = {
        f"S{number}": {
            "Type": "Pass",
            "Assign": {f"v{number}": "{% $pad('', 262142, 'x') %}"},
            "Next": f"S{number + 1}",
        }
        for number in range(count)
    }
    states[f"S{count}"] = {"Type": "Succeed"}
    ended = run(machine(states))
    assert ended.status == status
    if status == "FAILED":
        assert ended.error == "States.DataLimitExceeded"
        assert ended.cause.endswith("to exceed its limit by 262144 bytes.")


def test_a_machine_may_time_out(run: Run, machine: Machine) -> None:
    states = {
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Never"},
        "Never": {"Type": "Succeed"},
    }
    ended = run(machine(states, TimeoutSeconds=10))
    assert (ended.status, ended.seconds) == ("TIMED_OUT", 10.0)
    assert ended.types[-1] == "ExecutionTimedOut"
    assert ended.events[-1]["previousEventId"] == 0
    assert "WaitStateAborted" not in ended.types
