"""A `.sync` task learns of the end of an execution of this engine when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions.clock import Clock

Machine = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("way", ["succeeds", "is stopped"])
def test_everyone_who_waits_for_an_execution_is_told_of_its_end(
    world: Any, machine: Machine, way: str
) -> None:
    async def main() -> None:
        w = world(clock=Clock.real())
        arn = await w.start(
            await w.create(machine({"W": {"Type": "Wait", "Seconds": 1, "End": True}}))
        )
        waiting = [asyncio.create_task(w.engine.services.ended(arn)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        if way == "is stopped":
            await w.engine.handle("StopExecution", {"executionArn": arn})
        await asyncio.wait_for(asyncio.gather(*waiting), 5)
        assert w.engine.services.store.executions[arn].status != "RUNNING"
        await w.engine.aclose()

    asyncio.run(main())


def test_nobody_waits_for_what_has_ended_or_is_not_known(world: Any, machine: Machine) -> None:
    async def main() -> None:
        w = world()
        arn = await w.start(await w.create(machine({"S": {"Type": "Succeed"}})))
        await w.ended(arn)
        for name in (arn, "arn:aws:states:us-east-1:123456789012:execution:other:1"):
            await asyncio.wait_for(w.engine.services.ended(name), 1)
        await w.engine.aclose()

    asyncio.run(main())


def test_a_task_is_given_the_means_to_wait(world: Any, machine: Machine) -> None:
    async def main() -> None:
        child: list[str] = []

        async def start(arguments: Any, call: Any) -> Any:
            child.append(await w.start(await w.create(quick, name="child")))
            return {}

        async def finish(submitted: Any, call: Any) -> Any:
            await call.ended(child[0])
            return w.engine.services.store.executions[child[0]].status

        w = world(services={"work": start}, finishers={"work": finish})
        quick = machine({"W": {"Type": "Wait", "Seconds": 60, "End": True}})
        resource = "arn:aws:states:::test:work.sync"
        task = {"Type": "Task", "Resource": resource, "Arguments": {}, "End": True}
        ended = await w.run(machine({"T": task}))
        assert ended.output == "SUCCEEDED"
        assert ended.seconds == 60
        await w.engine.aclose()

    asyncio.run(main())
