from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions.errors import StatesError

Machine = Callable[..., dict[str, Any]]

STATES = {
    "A": {"Type": "Pass", "Assign": {"x": "{% $states.input %}"}, "Next": "M"},
    "M": {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "W",
            "States": {"W": {"Type": "Wait", "Seconds": 10, "End": True}},
        },
        "End": True,
    },
}


def test_everything_that_ended_comes_back(world: Any, machine: Machine) -> None:
    async def main() -> None:
        w = world()
        arn = await w.create(machine(STATES), tags=[{"key": "k", "value": "v"}])
        await w.engine.handle("CreateActivity", {"name": "act"})
        ended = await w.ended(await w.start(arn, {"a": "é"}))
        data = json.loads(json.dumps(w.engine.snapshot()))
        other = world()
        other.engine.restore(data)
        execution = ended.shown["executionArn"]
        again = await other.ended(execution)
        assert again == ended
        for operation, request in [
            ("DescribeStateMachine", {"stateMachineArn": arn}),
            ("ListTagsForResource", {"resourceArn": arn}),
            ("ListExecutions", {"stateMachineArn": arn}),
            ("ListMapRuns", {"executionArn": execution}),
            ("ListActivities", {}),
        ]:
            before = await w.engine.handle(operation, request)
            assert await other.engine.handle(operation, request) == before
        run = next(iter(other.engine.services.store.map_runs))
        children = await other.engine.handle("ListExecutions", {"mapRunArn": run})
        assert len(children["executions"]) == 2
        assert json.loads(json.dumps(other.engine.snapshot())) == data
        assert (await other.ended(await other.start(arn, 1))).status == "SUCCEEDED"
        await w.engine.aclose()
        await other.engine.aclose()

    asyncio.run(main())


def test_what_ran_has_failed(world: Any, machine: Machine) -> None:
    async def main() -> None:
        w = world()
        with w.clock.hold():
            execution = await w.start(await w.create(machine(STATES)), {"a": 1})
            await asyncio.sleep(0.01)
            data = json.loads(json.dumps(w.engine.snapshot()))
        other = world()
        other.engine.restore(data)
        ended = await other.ended(execution)
        assert (ended.status, ended.error) == ("FAILED", "States.Runtime")
        assert ended.cause == "The embedded AWS stopped while this execution was running."
        assert ended.types[-1] == "ExecutionFailed"
        statuses = {e.status for e in other.engine.services.store.executions.values()}
        assert statuses == {"FAILED"}
        await w.engine.aclose()
        await other.engine.aclose()

    asyncio.run(main())


def test_a_value_that_states_hand_on_is_stored_once(world: Any, machine: Machine) -> None:
    async def main() -> None:
        w = world()
        rule = {"Condition": "{% $n < 200 %}", "Next": "P"}
        states = {
            "I": {"Type": "Pass", "Assign": {"n": 0}, "Next": "P"},
            "P": {"Type": "Pass", "Assign": {"n": "{% $n + 1 %}"}, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [rule], "Default": "D"},
            "D": {"Type": "Succeed"},
        }
        await w.run(machine(states), {"big": "x" * 100_000})
        assert len(json.dumps(w.engine.snapshot())) < 1_000_000
        await w.engine.aclose()

    asyncio.run(main())


def test_a_snapshot_of_another_version_is_refused(world: Any) -> None:
    async def main() -> None:
        w = world()
        with pytest.raises(ValueError, match="the snapshot has version 99, expected 1"):
            w.engine.restore({"version": 99})
        await w.engine.aclose()

    asyncio.run(main())


# --- redrive after a restart


WORK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::test:work",
    "Arguments": "{% $states.input %}",
    "Output": "{% $string($states.result) & $string($v) %}",
    "End": True,
}
PASSED_ON = {"StartAt": "N", "States": {"N": {"Type": "Pass", "Output": 0, "End": True}}}
ITEMS = {"StartAt": "W", "States": {"W": WORK}}
OF_ITEMS = {"StartAt": "W", "States": {"W": WORK | {"Output": "{% $string($states.result) %}"}}}
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
NESTED = {
    "Type": "Parallel",
    "Branches": [
        {"StartAt": "I", "States": {"I": {
            "Type": "Map", "Items": [1, 2, 3], "ItemProcessor": ITEMS, "End": True}}},
        PASSED_ON,
    ],
    "End": True,
}  # fmt: skip
REDRIVEN: list[tuple[str, dict[str, Any], Any]] = [
    ("task", WORK | {"Arguments": 2}, "2a"),
    ("map in a branch", NESTED, [["1a", "2a", "3a"], 0]),
    ("map", {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": ITEMS, "End": True},
     ["1a", "2a", "3a"]),
    ("map run", {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": OF_ITEMS | DISTRIBUTED,
                 "MaxConcurrency": 2, "End": True}, ["1", "2", "3"]),
]  # fmt: skip


class Once:
    """A service that fails for the input 2 until it is mended, and counts its calls."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.mended = False

    async def __call__(self, arguments: Any, call: Any) -> Any:
        self.calls.append(arguments)
        await call.sleep(arguments)
        if arguments == 2 and not self.mended:
            raise StatesError("Bad")
        return arguments


@pytest.mark.parametrize(("state", "output"), [c[1:] for c in REDRIVEN], ids=[
    c[0] for c in REDRIVEN])  # fmt: skip
@pytest.mark.parametrize("restarts", [1, 2])
def test_a_redrive_goes_on_after_a_restart(
    world: Any, machine: Machine, state: dict[str, Any], output: Any, restarts: int
) -> None:
    async def main() -> None:
        work = Once()
        w = world(services={"work": work})
        states = {"A": {"Type": "Pass", "Assign": {"v": "a"}, "Next": "S"}, "S": state}
        failed = await w.ended(await w.start(await w.create(machine(states)), {}))
        assert failed.status == "FAILED"
        first = sorted(work.calls)
        for _ in range(restarts):
            data = json.loads(json.dumps(w.engine.snapshot()))
            await w.engine.aclose()
            w = world(services={"work": work})
            w.engine.restore(data)
        work.mended = True
        redrive = {"executionArn": failed.shown["executionArn"]}
        assert (await w.ended(redrive["executionArn"])).shown["redriveStatus"] == "REDRIVABLE"
        await w.engine.handle("RedriveExecution", redrive)
        again = await w.ended(redrive["executionArn"])
        assert (again.status, again.output) == ("SUCCEEDED", output)
        assert work.calls.count(1) == first.count(1)  # what was done stays done
        assert again.shown["redriveCount"] == 1
        await w.engine.aclose()

    asyncio.run(main())


def test_what_ran_at_a_restart_can_be_redriven(world: Any, machine: Machine) -> None:
    async def main() -> None:
        work = Once()
        work.mended = True
        w = world(services={"work": work})
        execution = await w.start(await w.create(machine({"S": REDRIVEN[3][1]})), {})
        await w.clock.advance_to(w.clock.now() + 1.5)  # the first child has ended, two run
        data = json.loads(json.dumps(w.engine.snapshot()))
        await w.engine.aclose()
        w = world(services={"work": work})
        w.engine.restore(data)
        assert (await w.ended(execution)).status == "FAILED"
        await w.engine.handle("RedriveExecution", {"executionArn": execution})
        again = await w.ended(execution)
        assert (again.status, again.output) == ("SUCCEEDED", ["1", "2", "3"])
        assert work.calls.count(1) == 1
        await w.engine.aclose()

    asyncio.run(main())
