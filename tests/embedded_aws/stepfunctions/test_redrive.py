from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions import ApiError
from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations.base import Call

Machine = Callable[..., dict[str, Any]]

WORK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::test:work",
    "Arguments": "{% $states.input %}",
    "End": True,
}


class Flaky:
    """A service that fails for the inputs in `bad`; `calls` are the inputs it was given."""

    def __init__(self, *bad: Any) -> None:
        self.bad = set(bad)
        self.calls: list[Any] = []

    async def __call__(self, arguments: Any, call: Call) -> Any:
        self.calls.append(arguments)
        await call.sleep(1)
        if arguments in self.bad:
            raise StatesError("Bad", f"{arguments} is bad")
        return f"{arguments} done"

    def mend(self) -> None:
        self.bad.clear()
        self.calls.clear()


def on(world: Any, work: Flaky, main: Callable[[Any], Awaitable[None]]) -> None:
    async def whole() -> None:
        w = world(services={"work": work})
        try:
            await main(w)
        finally:
            await w.engine.aclose()

    asyncio.run(whole())


async def redriven(w: Any, execution: str) -> Any:
    await w.engine.handle("RedriveExecution", {"executionArn": execution})
    return await w.ended(execution)


def graph(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def test_a_failed_task_runs_again_with_the_variables_it_had(world: Any, machine: Machine) -> None:
    work = Flaky("x")
    states = {
        "First": {"Type": "Pass", "Assign": {"v": 1}, "Next": "Work"},
        "Work": WORK
        | {
            "Output": ["{% $states.result %}", "{% $v %}", "{% $states.context %}"],
            "Retry": [{"ErrorEquals": ["Bad"], "MaxAttempts": 1}],
        },
    }

    async def main(w: Any) -> None:
        first = await w.run(machine(states), "x")
        assert first.shown["redriveStatus"] == "REDRIVABLE"
        assert work.calls == ["x", "x"]
        await w.clock.advance_to(w.clock.now() + 60)
        work.mend()
        second = await redriven(w, first.shown["executionArn"])
        result, variable, context = second.output
        assert (second.status, result, variable) == ("SUCCEEDED", "x done", 1)
        assert context["Execution"]["RedriveCount"] == 1
        assert context["Execution"]["RedriveTime"] == "2026-01-01T00:01:03.000Z"
        assert context["Execution"]["StartTime"] == "2026-01-01T00:00:00.000Z"
        assert context["State"]["RetryCount"] == 0
        assert second.types.count("TaskStateEntered") == 1
        assert second.types[len(first.types) :][:2] == ["ExecutionRedriven", "TaskScheduled"]
        assert second.shown["redriveCount"] == 1
        assert second.shown["redriveStatus"] == "NOT_REDRIVABLE"

    on(world, work, main)


def test_only_failed_and_aborted_branches_run_again(world: Any, machine: Machine) -> None:
    work = Flaky("bad")
    slow = {"Type": "Wait", "Seconds": 10, "Output": "slow", "End": True}
    good = WORK | {"Arguments": "good"}
    bad = graph(Nap={"Type": "Wait", "Seconds": 2, "Next": "Bad"}, Bad=WORK | {"Arguments": "bad"})
    branches = [graph(Good=good), bad, graph(Slow=slow)]
    states = {"P": {"Type": "Parallel", "Branches": branches, "End": True}}

    async def main(w: Any) -> None:
        first = await w.run(machine(states))
        assert (first.error, first.seconds) == ("Bad", 3.0)
        work.mend()
        second = await redriven(w, first.shown["executionArn"])
        assert second.output == ["good done", "bad done", "slow"]
        assert work.calls == ["bad"]
        assert second.seconds == 10.0  # Slow keeps its EnteredTime
        assert second.types.count("ParallelStateStarted") == 1
        assert second.types.count("WaitStateEntered") == 2

    on(world, work, main)


def test_iterations_that_never_began_begin(world: Any, machine: Machine) -> None:
    work = Flaky(2)
    state = {
        "Type": "Map",
        "Items": [1, 2, 3, 4],
        "MaxConcurrency": 1,
        "ItemProcessor": graph(Work=WORK),
        "End": True,
    }

    async def main(w: Any) -> None:
        first = await w.run(machine({"M": state}))
        assert work.calls == [1, 2]
        work.mend()
        second = await redriven(w, first.shown["executionArn"])
        assert second.output == ["1 done", "2 done", "3 done", "4 done"]
        assert work.calls == [2, 3, 4]
        assert second.types.count("MapIterationStarted") == 4

    on(world, work, main)


def test_an_aborted_execution_goes_on(world: Any, machine: Machine) -> None:
    states = {"W": {"Type": "Wait", "Seconds": 100, "Next": "E"}, "E": {"Type": "Succeed"}}

    async def main(w: Any) -> None:
        with w.clock.hold():
            execution = await w.start(await w.create(machine(states)))
            await asyncio.sleep(0.01)
            await w.engine.handle("StopExecution", {"executionArn": execution})
            await asyncio.sleep(0.01)
            await w.engine.handle("RedriveExecution", {"executionArn": execution})
        ended = await w.ended(execution)
        assert (ended.status, ended.seconds) == ("SUCCEEDED", 100.0)
        assert ended.types.count("WaitStateEntered") == 1

    on(world, Flaky(), main)


def test_a_machines_timeout_starts_again(world: Any, machine: Machine) -> None:
    states = {"W": {"Type": "Wait", "Seconds": 100, "End": True}}

    async def main(w: Any) -> None:
        first = await w.run(machine(states, TimeoutSeconds=60))
        assert first.status == "TIMED_OUT"
        second = await redriven(w, first.shown["executionArn"])
        assert (second.status, second.seconds) == ("SUCCEEDED", 100.0)

    on(world, Flaky(), main)


def test_what_cannot_be_redriven(world: Any, machine: Machine) -> None:
    async def main(w: Any) -> None:
        good = await w.run(machine({"S": {"Type": "Succeed"}}))
        with pytest.raises(ApiError, match="Execution is SUCCEEDED and cannot be redriven"):
            await redriven(w, good.shown["executionArn"])
        fail = await w.start(await w.create(machine({"F": {"Type": "Fail"}}), name="f"))
        await w.ended(fail)
        assert (await redriven(w, fail)).status == "FAILED"
        await w.clock.advance_to(w.clock.now() + 15 * 86_400)
        with pytest.raises(ApiError, match="Execution ended more than 14 days ago"):
            await redriven(w, fail)

    on(world, Flaky(), main)


def distributed(kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    inner = graph(Work=WORK) | {"ProcessorConfig": config}
    return {"Type": "Map", "ItemProcessor": inner, "End": True} | fields


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_map_run_runs_its_failed_children_again(world: Any, machine: Machine, kind: str) -> None:
    work = Flaky(5, 500, 1000)
    state = distributed(kind, Items="{% [1..1000] %}", ToleratedFailureCount=2)

    async def main(w: Any) -> None:
        first = await w.run(machine({"M": state}))
        assert first.error == "States.ExceedToleratedFailureThreshold"
        execution = first.shown["executionArn"]
        (run,) = w.engine.services.store.map_runs.values()
        before = await w.engine.handle("DescribeMapRun", {"mapRunArn": run.arn})
        assert before["itemCounts"]["failed"] == 3
        executions = w.engine.services.store.executions.values()
        child = next(e for e in executions if e.map_run_arn and e.status == "FAILED")
        if kind == "STANDARD":
            with pytest.raises(ApiError, match="ExecutionNotRedrivable"):
                await redriven(w, child.arn)
        work.mend()
        second = await redriven(w, execution)
        assert second.status == "SUCCEEDED"
        assert second.output == [f"{n} done" for n in range(1, 1001)]
        assert sorted(work.calls) == [5, 500, 1000]
        after = await w.engine.handle("DescribeMapRun", {"mapRunArn": run.arn})
        assert after["itemCounts"]["succeeded"] == 1000
        assert after["executionCounts"]["failed"] == 0
        assert (after["redriveCount"], after["status"]) == (1, "SUCCEEDED")
        assert "MapRunRedriven" in second.types
        assert second.types.count("MapRunStarted") == 1

    on(world, work, main)


def test_a_redriven_map_run_starts_what_was_pending(world: Any, machine: Machine) -> None:
    work = Flaky(1)
    state = distributed(Items=[1, 2, 3], MaxConcurrency=1)

    async def main(w: Any) -> None:
        first = await w.run(machine({"M": state}))
        assert work.calls == [1]
        work.mend()
        second = await redriven(w, first.shown["executionArn"])
        assert second.output == ["1 done", "2 done", "3 done"]
        assert work.calls == [1, 2, 3]

    on(world, work, main)


def test_a_map_run_can_be_changed_while_it_runs(world: Any, machine: Machine) -> None:
    work = Flaky()
    state = distributed(Items="{% [1..40] %}", MaxConcurrency=1)

    async def main(w: Any) -> None:
        execution = await w.start(await w.create(machine({"M": state})))

        async def change() -> None:
            await w.clock.sleep(10.5)
            (run,) = w.engine.services.store.map_runs.values()
            request = {"mapRunArn": run.arn, "maxConcurrency": 10}
            await w.engine.handle("UpdateMapRun", request)
            with pytest.raises(ApiError, match="toleratedFailurePercentage is out of range"):
                await w.engine.handle(
                    "UpdateMapRun", {"mapRunArn": run.arn, "toleratedFailurePercentage": 101}
                )

        await w.clock.spawn(change())
        ended = await w.ended(execution)
        assert ended.status == "SUCCEEDED"
        assert 13.0 <= ended.seconds <= 14.5
        (run,) = w.engine.services.store.map_runs.values()
        with pytest.raises(ApiError, match="only a running one can be changed"):
            await w.engine.handle("UpdateMapRun", {"mapRunArn": run.arn, "maxConcurrency": 1})

    on(world, work, main)


def test_stopping_at_once_leaves_nothing_behind(world: Any, machine: Machine) -> None:
    wait = graph(W={"Type": "Wait", "Seconds": 9, "End": True})
    states = {"P": {"Type": "Parallel", "Branches": [wait, graph(X=WORK)], "End": True}}

    async def main(w: Any) -> None:
        arn = await w.create(machine(states))
        for steps in range(6):
            with w.clock.hold():
                execution = await w.start(arn)
                for _ in range(steps):
                    await asyncio.sleep(0)
                await w.engine.handle("StopExecution", {"executionArn": execution})
                await asyncio.sleep(0.01)
            assert w.clock._tasks == set()
            assert w.clock._parked == {}

    on(world, Flaky(), main)
