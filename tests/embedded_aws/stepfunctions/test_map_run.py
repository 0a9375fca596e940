from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions.conformance.memory_s3 import MemoryS3

Machine = Callable[..., dict[str, Any]]
Run = Callable[..., Any]


def distributed(processor: dict[str, Any], kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    inner = {
        "ProcessorConfig": config,
        "StartAt": next(iter(processor)),
        "States": processor,
    }
    return {"Type": "Map", "ItemProcessor": inner, "End": True} | fields


DOUBLE = {"Double": {"Type": "Pass", "Output": "{% $states.input * 2 %}", "End": True}}
ODD_FAILS = {
    "Odd": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input % 2 = 1 %}", "Next": "Bad"}],
        "Default": "Good",
    },
    "Bad": {"Type": "Fail", "Error": "Odd", "Cause": "not even"},
    "Good": {"Type": "Succeed"},
}


class Distributed:
    """One run of a machine whose only state is a Distributed Map, and what the API says of it."""

    def __init__(self, world: Any, machine: Machine) -> None:
        self._world = world
        self._machine = machine
        self.s3 = MemoryS3({})

    def __call__(self, state: dict[str, Any], input_: Any = None) -> Any:
        async def main() -> Any:
            w = self._world(clients=self.s3)
            ended = await w.run(self._machine({"M": state}), input_)
            runs = await w.engine.handle(
                "ListMapRuns", {"executionArn": ended.shown["executionArn"]}
            )
            self.run = await w.engine.handle(
                "DescribeMapRun", {"mapRunArn": runs["mapRuns"][0]["mapRunArn"]}
            )
            request = {"mapRunArn": self.run["mapRunArn"], "maxResults": 1000}
            listed = await w.engine.handle("ListExecutions", request)
            self.children = listed["executions"]
            self.world = w
            await w.engine.aclose()
            return ended

        return asyncio.run(main())


@pytest.fixture
def mapped(world: Any, machine: Machine) -> Distributed:
    return Distributed(world, machine)


def test_each_item_is_an_execution_of_its_own(mapped: Distributed) -> None:
    ended = mapped(distributed(DOUBLE, Label="Twice"), [1, 2, 3])
    assert ended.output == [2, 4, 6]
    assert ended.types == [
        "ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted",
        "MapRunSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    previous = {e["type"]: e["previousEventId"] for e in ended.events}
    assert previous["MapStateExited"] == 4  # MapRunStarted
    assert mapped.run["status"] == "SUCCEEDED"
    assert mapped.run["itemCounts"]["succeeded"] == mapped.run["itemCounts"]["total"] == 3
    assert mapped.run["executionCounts"]["succeeded"] == 3
    assert {child["status"] for child in mapped.children} == {"SUCCEEDED"}
    assert "execution:machine/Twice:" in mapped.children[0]["executionArn"]
    assert mapped.children[0]["stateMachineArn"].endswith("stateMachine:machine/Twice")


def test_children_do_not_see_outer_variables_but_have_a_context(
    world: Any, machine: Machine
) -> None:
    processor = {
        "Show": {
            "Type": "Pass",
            "Output": {
                "seen": "{% $exists($outer) %}",
                "input": "{% $states.context.Execution.Input %}",
                "machine": "{% $states.context.StateMachine.Id %}",
            },
            "End": True,
        }
    }
    states = {
        "Set": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "M"},
        "M": distributed(processor, Label="L", Items=["a"]),
    }

    async def main() -> Any:
        w = world()
        return await w.run(machine(states))

    (output,) = asyncio.run(main()).output
    assert output["seen"] is False
    assert output["input"] == "a"
    assert output["machine"].endswith(":machine/L")


def test_the_members_of_an_object_are_items(mapped: Distributed) -> None:
    echo = {"Echo": {"Type": "Pass", "End": True}}
    assert mapped(distributed(echo), {"a": 1}).output == [{"Key": "a", "Value": 1}]
    selector = {"k": "{% $states.context.Map.Item.Key %}", "i": "{% $states.input.a %}"}
    ended = mapped(distributed(echo, ItemSelector=selector), {"a": 1})
    assert ended.output == [{"k": "a", "i": 1}]


def test_a_role_that_may_not_start_its_own_machine_runs_no_child(
    world: Any, machine: Machine
) -> None:
    asked = []

    def refusal(*question: str) -> str:
        asked.append(question)
        return "not authorized"

    async def main() -> Any:
        w = world(options={"refusal": refusal})
        ended = await w.run(machine({"M": distributed(DOUBLE)}), [1, 2])
        await w.engine.aclose()
        return ended

    ended = asyncio.run(main())
    assert (ended.error, ended.cause) == ("States.Permissions", "not authorized")
    assert ended.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    ((role, action, resource),) = asked
    assert role.endswith(":role/machine")
    assert (action, resource.rsplit(":", 1)[1]) == ("states:StartExecution", "machine")


def test_an_express_child_is_described(mapped: Distributed) -> None:
    async def described(arn: str) -> Any:
        return await mapped.world.engine.handle("DescribeExecution", {"executionArn": arn})

    mapped(distributed(ODD_FAILS, "EXPRESS", ToleratedFailurePercentage=100), [1])
    child = asyncio.run(described(mapped.children[0]["executionArn"]))
    assert (child["status"], child["error"], child["cause"]) == ("FAILED", "Odd", "not even")


def test_a_failure_fails_the_run(mapped: Distributed) -> None:
    ended = mapped(distributed(ODD_FAILS), [2, 3])
    assert ended.error == "States.ExceedToleratedFailureThreshold"
    assert ended.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    assert mapped.run["status"] == "FAILED"


@pytest.mark.parametrize(
    ("tolerance", "items", "status"),
    [
        ({"ToleratedFailureCount": 1}, [1, 2], "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, [1, 3], "FAILED"),
        ({"ToleratedFailureCount": 0}, [1, 2], "FAILED"),
        ({"ToleratedFailurePercentage": 50}, [1, 2], "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49.9}, [1, 2], "FAILED"),
        ({"ToleratedFailurePercentage": 100}, [1, 3], "SUCCEEDED"),
        ({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 90}, [1, 3, 2, 2], "FAILED"),
        ({"ToleratedFailureCount": "{% 1 + 1 %}"}, [1, 3], "SUCCEEDED"),
    ],
)
def test_tolerated_failures(
    mapped: Distributed, tolerance: dict[str, Any], items: list[int], status: str
) -> None:
    ended = mapped(distributed(ODD_FAILS, **tolerance), items)
    assert ended.status == status
    if status == "SUCCEEDED":
        failed = {"Status": "FAILED", "Error": "Odd", "Cause": "not even"}
        assert ended.output == [failed if item % 2 else item for item in items]


def test_exceeding_the_tolerance_stops_what_still_runs(mapped: Distributed) -> None:
    processor = {"Sleep": {"Type": "Wait", "Seconds": "{% $states.input %}", "Next": "Odd"}}
    ended = mapped(distributed(processor | ODD_FAILS, MaxConcurrency=2), [1, 100, 100])
    assert ended.seconds == 1.0
    assert [child["status"] for child in mapped.children] == ["ABORTED", "FAILED"]
    assert mapped.run["itemCounts"]["pending"] == 1


@pytest.mark.parametrize(("limit", "seconds"), [(0, 10.0), (2, 50.0), ("{% 5 %}", 20.0)])
def test_concurrency(mapped: Distributed, limit: Any, seconds: float) -> None:
    sleep = {"Sleep": {"Type": "Wait", "Seconds": 10, "End": True}}
    state = distributed(sleep, Items="{% [1..10] %}", MaxConcurrency=limit)
    assert mapped(state).seconds == seconds


def test_batches(mapped: Distributed) -> None:
    total = {
        "Sum": {
            "Type": "Pass",
            "Output": "{% $sum($states.input.Items) + $states.input.BatchInput.add %}",
            "End": True,
        }
    }
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"add": "{% $states.input.add %}"}}
    state = distributed(total, ItemBatcher=batcher, Items="{% $states.input.xs %}")
    assert mapped(state, {"xs": [1, 2, 3], "add": 100}).output == [103, 103]
    assert mapped.run["itemCounts"]["total"] == 3
    assert mapped.run["executionCounts"]["total"] == 2
    assert [child["itemCount"] for child in mapped.children] == [1, 2]


def test_express_children(mapped: Distributed) -> None:
    slow = {"Sleep": {"Type": "Wait", "Seconds": 301, "End": True}}
    ended = mapped(distributed(slow, "EXPRESS", ToleratedFailurePercentage=100), [1])
    assert ended.output == [{"Status": "TIMED_OUT"}]
    assert ":express:machine/" in mapped.children[0]["executionArn"]


def test_items_are_read_from_s3(mapped: Distributed) -> None:
    mapped.s3 = MemoryS3({"lake": {"items.jsonl": '{"n":1}\n{"n":2}\n'}})
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSONL", "MaxItems": "{% $states.input.most %}"},
        "Arguments": {"Bucket": "lake", "Key": "{% $states.input.key %}"},
    }
    selector = {
        "n": "{% $states.context.Map.Item.Value.n %}",
        "from": "{% $states.context.Map.Item.Source %}",
    }
    echo = {"Echo": {"Type": "Pass", "End": True}}
    state = distributed(echo, ItemReader=reader, ItemSelector=selector)
    ended = mapped(state, {"key": "items.jsonl", "most": 1})
    assert ended.output == [{"n": 1, "from": "s3://lake/items.jsonl"}]
    assert ended.details("MapStateStarted") == {"length": 0}


def test_results_are_written_to_s3(mapped: Distributed) -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": "lake", "Prefix": "out"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
    }
    state = distributed(DOUBLE, ResultWriter=writer, Items=[1, 2])
    ended = mapped(state)
    run = ended.output["MapRunArn"].rsplit(":", 1)[1]
    key = f"out/{run}/manifest.json"
    assert ended.output["ResultWriterDetails"] == {"Bucket": "lake", "Key": key}
    assert mapped.s3.objects["lake", f"out/{run}/SUCCEEDED_0.jsonl"] == b"2\n4\n"
    manifest = json.loads(mapped.s3.objects["lake", key])
    assert manifest["MapRunArn"] == ended.output["MapRunArn"]
    assert mapped.run["itemCounts"]["resultsWritten"] == 2


def test_a_failed_run_writes_what_never_started(mapped: Distributed) -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": "lake", "Prefix": "out"},
    }
    mapped(distributed(ODD_FAILS, ResultWriter=writer, Items=[1, 2, 4], MaxConcurrency=1))
    names = {key.rsplit("/", 1)[1] for _, key in mapped.s3.objects}
    assert names == {"FAILED_0.json", "PENDING_0.json", "manifest.json"}
    body = next(v for (_, key), v in mapped.s3.objects.items() if key.endswith("PENDING_0.json"))
    assert [record["Input"] for record in json.loads(body)] == ["2", "4"]


def test_stopping_the_execution_stops_the_children(world: Any, machine: Machine) -> None:
    sleep = {"Sleep": {"Type": "Wait", "Seconds": 100, "End": True}}

    async def main() -> None:
        w = world()
        arn = await w.start(await w.create(machine({"M": distributed(sleep, Items=[1, 2])})))

        async def stopper() -> None:
            await w.clock.sleep(5)
            await w.engine.handle("StopExecution", {"executionArn": arn})

        await w.clock.spawn(stopper())
        ended = await w.ended(arn)
        assert ended.status == "ABORTED"
        await asyncio.sleep(0.01)
        run = next(iter(w.engine.services.store.map_runs.values()))
        assert run.status == "ABORTED"
        statuses = [w.engine.services.store.executions[a].status for a in
                    w.engine.services.store.children[run.arn]]  # fmt: skip
        assert statuses == ["ABORTED", "ABORTED"]
        assert w.clock.now() - ended.shown["startDate"] == 5.0
        await w.engine.aclose()

    asyncio.run(main())


def test_a_broken_selector_fails_the_run(mapped: Distributed) -> None:
    state = distributed(DOUBLE, ItemSelector="{% $states.context.Map.Item.Absent %}", Items=[1])
    ended = mapped(state)
    assert ended.error == "States.QueryEvaluationError"
    assert mapped.run["status"] == "FAILED"


def test_a_result_that_is_too_large_wants_a_result_writer(mapped: Distributed) -> None:
    big = {"Big": {"Type": "Pass", "Output": "{% $pad('', 100000, 'x') %}", "End": True}}
    assert mapped(distributed(big, Items=[1, 2, 3])).error == "States.DataLimitExceeded"


def test_ten_thousand_children_stay_small(mapped: Distributed) -> None:
    processor = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Wait", "Seconds": "{% $states.input %}", "Next": "C"},
        "C": {"Type": "Pass", "Output": {"v": "{% $states.input %}"}, "Next": "D"},
        "D": {"Type": "Succeed", "Output": "{% $states.input.v %}"},
    }
    ended = mapped(distributed(processor, Items="{% [1..10000] %}"))
    assert ended.output == list(range(1, 10_001))
    assert ended.seconds == 10_000.0
