from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.stepfunctions import ApiError

Machine = Callable[..., dict[str, Any]]

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/machine:*"
WAIT = {"W": {"Type": "Wait", "Seconds": 3, "Next": "F"}, "F": {"Type": "Fail", "Error": "E"}}


class Ears:
    """Receives what the engine tells."""

    def __init__(self) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.metrics: list[tuple[str, float, str, dict[str, str]]] = []
        self.records: list[tuple[str, dict[str, Any]]] = []

    def options(self) -> dict[str, Any]:
        return {
            "on_status": self.statuses.append,
            "on_metric": lambda *point: self.metrics.append(point),
            "on_log": lambda *record: self.records.append(record),
        }


def told(world: Any, definition: dict[str, Any], input_: Any = None, **request: Any) -> Ears:
    ears = Ears()

    async def main() -> None:
        w = world(options=ears.options())
        arn = await w.create(definition, **request)
        if request.get("type") == "EXPRESS":
            await w.engine.handle("StartSyncExecution", {"stateMachineArn": arn})
        else:
            await w.ended(await w.start(arn, input_))
        await w.engine.aclose()

    asyncio.run(main())
    return ears


def test_status_events(world: Any, machine: Machine) -> None:
    started, ended = told(world, machine(WAIT), {"a": 1}).statuses
    assert (started["status"], started["stopDate"], started["input"]) == ("RUNNING", None, '{"a":1}'
        .replace(":", ": "))  # fmt: skip
    assert ended["status"] == "FAILED"
    assert ended["stopDate"] - ended["startDate"] == 3000
    assert (ended["error"], ended["output"]) == ("E", None)


def test_large_data_is_left_out_of_status_events(world: Any, machine: Machine) -> None:
    ears = told(world, machine({"S": {"Type": "Succeed"}}), "x" * 200_000)
    started, ended = ears.statuses
    assert started["inputDetails"] == {"included": True}
    assert ended["inputDetails"] == ended["outputDetails"] == {"included": False}
    assert ended["input"] is ended["output"] is None


def test_metrics(world: Any, machine: Machine) -> None:
    ears = told(world, machine(WAIT))
    assert [(name, value, unit) for name, value, unit, _ in ears.metrics] == [
        ("ExecutionsStarted", 1.0, "Count"),
        ("ExecutionsFailed", 1.0, "Count"),
        ("ExecutionTime", 3000.0, "Milliseconds"),
        ("ConsumedCapacity", 2.0, "Count"),  # the states entered
    ]
    assert ears.metrics[0][3]["StateMachineArn"].endswith(":stateMachine:machine")
    assert ears.metrics[-1][3] == {"ServiceMetric": "StateTransition"}


def logging(level: str, data: bool = True) -> dict[str, Any]:
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": GROUP}}
    return {"level": level, "includeExecutionData": data, "destinations": [destination]}


@pytest.mark.parametrize(
    ("level", "types"),
    [
        ("ALL", ["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "FailStateEntered",
                 "ExecutionFailed"]),
        ("ERROR", ["ExecutionFailed"]),
        ("FATAL", ["ExecutionFailed"]),
        ("OFF", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("type_", ["STANDARD", "EXPRESS"])
def test_log_records(
    world: Any, machine: Machine, level: str, types: list[str], type_: str
) -> None:
    ears = told(world, machine(WAIT), loggingConfiguration=logging(level), type=type_)
    assert [record["type"] for _, record in ears.records] == types
    assert all(group == GROUP for group, _ in ears.records)
    if types:
        last = ears.records[-1][1]
        assert last["details"] == {"error": "E"}
        assert last["event_timestamp"].isdigit()


def test_records_without_data(world: Any, machine: Machine) -> None:
    ears = told(world, machine(WAIT), {"a": 1}, loggingConfiguration=logging("ALL", data=False))
    assert "input" not in json.dumps([record for _, record in ears.records])


def test_express_machines_send_no_status_events(world: Any, machine: Machine) -> None:
    ears = told(world, machine(WAIT), type="EXPRESS")
    assert ears.statuses == []
    assert ears.metrics[0][0] == "ExecutionsStarted"


def test_logging_without_a_destination_is_refused(world: Any, machine: Machine) -> None:
    with pytest.raises(ApiError, match="InvalidLoggingConfiguration"):
        told(world, machine(WAIT), loggingConfiguration={"level": "ALL"})
