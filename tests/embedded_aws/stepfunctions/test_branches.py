from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations.base import Call

Machine = Callable[..., dict[str, Any]]
Run = Callable[..., Any]


def graph(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def wait(seconds: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, "End": True}


def work(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::test:work",
        "Arguments": "{% $states.input %}",
        "End": True,
    } | fields


async def boom(arguments: Any, call: Call) -> Any:
    await call.sleep(5)
    raise StatesError("Boom")


def test_branches_run_side_by_side_and_keep_their_order(run: Run, machine: Machine) -> None:
    slow = graph(Slow={"Type": "Wait", "Seconds": 20, "Output": "slow", "End": True})
    fast = graph(Fast={"Type": "Wait", "Seconds": 10, "Output": "fast", "End": True})
    states = {"P": {"Type": "Parallel", "Branches": [slow, fast], "End": True}}
    ended = run(machine(states))
    assert ended.output == ["slow", "fast"]
    assert ended.seconds == 20.0
    slow_exit = next(e["id"] for e in ended.events if e["type"] == "WaitStateExited" and (
        e["stateExitedEventDetails"]["name"] == "Slow"))  # fmt: skip
    last = {e["type"]: e["previousEventId"] for e in ended.events}
    assert last["ParallelStateSucceeded"] == last["ParallelStateExited"] == slow_exit


def test_arguments_are_the_input_of_every_branch(run: Run, machine: Machine) -> None:
    branch = {"Type": "Pass", "End": True}
    states = {
        "P": {
            "Type": "Parallel",
            "Arguments": {"n": "{% $states.input + 1 %}"},
            "Branches": [graph(A=branch), graph(B=branch)],
            "End": True,
        }
    }
    assert run(machine(states), 1).output == [{"n": 2}, {"n": 2}]


def test_the_first_failure_aborts_the_other_branches(run: Run, machine: Machine) -> None:
    states = {
        "P": {
            "Type": "Parallel",
            "Branches": [graph(Bad=work()), graph(Good=wait(60)), graph(Done={"Type": "Succeed"})],
            "Catch": [{"ErrorEquals": ["Boom"], "Next": "Caught"}],
            "End": True,
        },
        "Caught": {"Type": "Succeed"},
    }
    ended = run(machine(states), work=boom)
    assert ended.status == "SUCCEEDED"
    assert ended.seconds == 5.0
    tail = ended.types[ended.types.index("TaskFailed") :]
    assert tail[:5] == [
        "TaskFailed",
        "TaskStateAborted",
        "WaitStateAborted",
        "ParallelStateFailed",
        "ParallelStateExited",
    ]


def test_an_abort_reaches_nested_branches(run: Run, machine: Machine) -> None:
    items = {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": graph(Sleep=wait(60)),
        "End": True,
    }
    states = {
        "P": {"Type": "Parallel", "Branches": [graph(Bad=work()), graph(M=items)], "End": True}
    }
    ended = run(machine(states), work=boom)
    assert (ended.status, ended.error, ended.seconds) == ("FAILED", "Boom", 5.0)
    assert ended.types.count("WaitStateAborted") == 2
    assert "MapStateAborted" in ended.types


def test_variables_do_not_leave_their_branch(run: Run, machine: Machine) -> None:
    branch = graph(
        Set={"Type": "Pass", "Assign": {"inner": "{% $outer + 1 %}"}, "Next": "Get"},
        Get={"Type": "Pass", "Output": "{% $inner %}", "End": True},
    )
    states = {
        "Start": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [branch], "Next": "After"},
        "After": {"Type": "Succeed", "Output": "{% $exists($inner) %}"},
    }
    assert run(machine(states)).output is False


def each(**fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": graph(Work=work()), "End": True} | fields


@pytest.mark.parametrize(("limit", "seconds"), [(1, 60.0), (2, 30.0), (3, 20.0), (0, 10.0)])
def test_max_concurrency(run: Run, machine: Machine, limit: int, seconds: float) -> None:
    async def nap(arguments: Any, call: Call) -> Any:
        await call.sleep(10)
        return arguments * 2

    states = {"M": each(Items="{% [1..6] %}", MaxConcurrency=limit)}
    ended = run(machine(states), work=nap)
    assert ended.output == [2, 4, 6, 8, 10, 12]
    assert ended.seconds == seconds


def test_an_inline_map_runs_at_most_forty_at_once(run: Run, machine: Machine) -> None:
    now = most = 0

    async def count(arguments: Any, call: Call) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await call.sleep(1)
        now -= 1

    states = {"M": each(Items="{% [1..100] %}")}
    assert run(machine(states), work=count).seconds == 3.0
    assert most == 40


def test_an_item_selector_sees_the_item_and_the_input(run: Run, machine: Machine) -> None:
    states = {
        "M": {
            "Type": "Map",
            "Items": "{% $states.input.xs %}",
            "ItemSelector": {
                "i": "{% $states.context.Map.Item.Index %}",
                "v": "{% $states.context.Map.Item.Value %}",
                "of": "{% $states.input.name %}",
            },
            "ItemProcessor": graph(
                Show={
                    "Type": "Pass",
                    "Output": ["{% $states.input %}", "{% $states.context.Map.Item.Value %}"],
                    "End": True,
                }
            ),
            "End": True,
        }
    }
    ended = run(machine(states), {"xs": ["a"], "name": "n"})
    assert ended.output == [[{"i": 0, "v": "a", "of": "n"}, "a"]]


def test_a_failed_iteration_aborts_the_others(run: Run, machine: Machine) -> None:
    async def second(arguments: Any, call: Call) -> Any:
        await call.sleep(arguments)
        if arguments == 2:
            raise StatesError("Second")

    states = {"M": each(Items=[1, 2, 3])}
    ended = run(machine(states), work=second)
    assert (ended.error, ended.seconds) == ("Second", 2.0)
    ends = [
        (e["type"], e["mapIterationFailedEventDetails"]["index"])
        for e in ended.events
        if e["type"] == "MapIterationFailed"
    ]
    assert ends == [("MapIterationFailed", 1)]
    assert ended.details("MapIterationAborted")["index"] == 2
    assert ended.types[-2:] == ["MapStateFailed", "ExecutionFailed"]


def test_a_retried_map_starts_again(run: Run, machine: Machine) -> None:
    calls = []

    async def once(arguments: Any, call: Call) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            raise StatesError("Once")
        return arguments

    states = {"M": each(Items=[7], Retry=[{"ErrorEquals": ["Once"]}])}
    ended = run(machine(states), work=once)
    assert ended.output == [7]
    assert calls == [7, 7]
    assert ended.types.count("MapStateStarted") == 2


def test_an_object_is_no_list_of_items(run: Run, machine: Machine) -> None:
    ended = run(machine({"M": each(Items="{% $states.input %}")}), {"a": 1})
    assert "Expected 'array', but was 'object' for value: {\"a\":1}" in ended.cause
    ended = run(machine({"M": each()}), {"a": 1})
    assert ended.cause.endswith('Map state input must be an array but was: {"a":1}')


def test_a_map_of_nothing_gives_an_empty_list(run: Run, machine: Machine) -> None:
    ended = run(machine({"M": each(Items=[])}))
    assert ended.output == []
    assert ended.details("MapStateStarted") == {"length": 0}
