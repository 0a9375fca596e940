from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

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
