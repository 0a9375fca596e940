"""What a run costs on top of tokens: its calls, counted, times the prices in prices.toml."""

from __future__ import annotations

import json
import math
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.stepfunctions.history import Event
from embedded_aws.stepfunctions.store import Execution
from tests.bench.capacity import read_units, write_units
from tests.stack import Stack
from tests.taps import Answered, Call, calls_watched, events_watched, state_entered

PRICES = tomllib.loads((Path(__file__).parent / "prices.toml").read_text())
CHUNK = 65_536  # bytes that one request of SQS or Pipes carries
EXPRESS_GB = 64 / 1024
LOG_EVENT_OVERHEAD = 26  # bytes
STEPS = ("ExecutionStarted", "TaskScheduled")


class Meter:
    """Counts what AWS bills. `units` by the names of prices.toml."""

    def __init__(self, stack: Stack) -> None:
        self.units: dict[str, float] = defaultdict(float)
        self._stack = stack

    # --- executions

    def event(self, execution: Execution, event: Event) -> None:
        if execution.plan.express:
            if event.type.startswith("Execution") and execution.status == "RUNNING":
                self._express(execution, event)
        elif event.type in STEPS or state_entered(event) is not None:
            # Of a Task each attempt is a transition, not the entry.
            self.units["transitions"] += event.type != "TaskStateEntered"

    def _express(self, execution: Execution, event: Event) -> None:
        if event.type == "ExecutionStarted":
            self.units["express_requests"] += 1
            return
        seconds = max(event.time - execution.started, PRICES["assumed"]["express_seconds"])
        self.units["express_gb_seconds"] += math.ceil(seconds * 10) / 10 * EXPRESS_GB

    # --- calls

    def call(self, call: Call) -> Answered | None:
        count = {"dynamodb": self._dynamodb, "s3": self._s3, "sqs": self._sqs}
        if call.service in count:
            return count[call.service](call)
        if call.service == "lambda" and call.path.endswith("/invocations"):
            self.units["lambda_requests"] += 1
        elif call.service == "monitoring":
            self.units["metric_requests"] += call.operation == "PutMetricData"
        elif call.operation in ("StartExecution", "StartSyncExecution"):
            self._pipe(call)
        return None

    def _dynamodb(self, call: Call) -> Answered:
        written = write_units(call)

        def answered(status: int, body: bytes) -> None:
            if written is not None:
                self.units["write_units"] += written(status, body)
            elif status < 400 and call.operation in ("Query", "GetItem", "BatchGetItem", "Scan"):
                self.units["read_units"] += read_units(call, body)

        return answered

    def _s3(self, call: Call) -> None:
        listing = call.operation == "GET" and "list-type" in call.query
        if listing or call.operation in ("PUT", "POST"):
            self.units["s3_writes"] += 1
        elif call.operation in ("GET", "HEAD"):
            self.units["s3_reads"] += 1

    def _sqs(self, call: Call) -> Answered:
        def answered(status: int, body: bytes) -> None:
            empty = call.operation == "ReceiveMessage" and not json.loads(body).get("Messages")
            if call.operation.startswith(("SendMessage", "DeleteMessage", "ReceiveMessage")):
                # Looks at an empty queue cost the same whatever is enriched: see performance.md.
                self.units["sqs_requests"] += 0 if empty else _chunks(max(call.body, body, key=len))

        return answered

    def _pipe(self, call: Call) -> None:
        request = call.request
        if request.get("input", "").startswith('[{"messageId"'):
            self.units["pipe_requests"] += _chunks(request["input"].encode())

    # --- what is read from CloudWatch

    def functions(self, since: float) -> None:
        """Adds the durations of functions since then, as long as this machine took."""
        cloudwatch, client = self._stack.client("cloudwatch"), self._stack.client("lambda")
        for function in client.list_functions()["Functions"]:
            points = cloudwatch.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName="Duration",
                Dimensions=[{"Name": "FunctionName", "Value": function["FunctionName"]}],
                StartTime=since - 60,
                EndTime=self._stack.aws.clock.now() + 60,
                Period=86_400,
                Statistics=["Sum"],
            )["Datapoints"]
            seconds = sum(point["Sum"] for point in points) / 1000
            self.units["lambda_gb_seconds"] += seconds * function["MemorySize"] / 1024


def _chunks(body: bytes) -> int:
    return max(1, math.ceil(len(body) / CHUNK))


def log_bytes() -> int:
    """Bytes in all log groups, as CloudWatch bills them."""
    with ministack.request_scope():
        groups: Mapping[str, Any] = ministack.service("cloudwatch_logs")._log_groups
        streams = [stream for group in groups.values() for stream in group["streams"].values()]
    events = [event for stream in streams for event in stream["events"]]
    return sum(len(event["message"].encode()) + LOG_EVENT_OVERHEAD for event in events)


@contextmanager
def metered(stack: Stack) -> Iterator[Meter]:
    """Counts everything from here to the end of the block."""
    meter, since, logged = Meter(stack), stack.aws.clock.now(), log_bytes()
    services = ("dynamodb", "s3", "sqs", "lambda", "monitoring", "states")
    with ExitStack() as taps:
        taps.enter_context(calls_watched(services, meter.call))
        taps.enter_context(events_watched(stack.aws, meter.event))
        yield meter
    meter.functions(since)
    meter.units["log_gb"] += (log_bytes() - logged) / 1e9


def usd(units: Mapping[str, float]) -> dict[str, float]:
    """USD by name of the unit."""
    return {name: units.get(name, 0) * price for name, price in PRICES["usd"].items()}
