"""Where the engine's status events, metrics and logs go: EventBridge and CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.monitoring import log_metrics


@dataclass(frozen=True)
class Sinks:
    """Callbacks for the engine; they run on the server's loop and do not block."""

    now: Callable[[], float]

    def status(self, detail: Mapping[str, Any]) -> None:
        """A changed execution, as EventBridge's 'Step Functions Execution Status Change'."""
        entry = {
            "Source": "aws.states",
            "DetailType": "Step Functions Execution Status Change",
            "Detail": json.dumps(detail),
            "Resources": [detail["executionArn"]],
        }
        with ministack.request_scope():
            ministack.service("eventbridge")._put_events({"Entries": [entry]}, True)

    def metric(self, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
        """One value of a metric in the namespace AWS/States."""
        with ministack.request_scope():
            ministack.service("cloudwatch").record_metric(
                "AWS/States", name, value, unit, dict(dimensions)
            )

    def log(self, group_arn: str, record: Mapping[str, Any]) -> None:
        """One record of an execution; dropped, as on AWS, if its log group is gone."""
        logs = ministack.service("cloudwatch_logs")
        at = int(self.now() * 1000)
        event = {"timestamp": at, "message": json.dumps(record), "ingestionTime": at}
        name = group_arn.split(":log-group:")[1].removesuffix(":*")
        with ministack.request_scope():
            group = logs._log_groups.get(name)
            if group is not None:
                stream = _stream_name(record, at)
                if stream not in group["streams"]:
                    group["streams"][stream] = _new_stream(at)
                logs._append_log_events(group["streams"][stream], [event])
                log_metrics.arrived(name, [event])


def _stream_name(record: Mapping[str, Any], at: int) -> str:
    machine = record["execution_arn"].split(":")[6]
    day = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")
    return f"states/{machine}/{day}"


def _new_stream(at: int) -> dict[str, Any]:
    """The record of a stream in ministack, which has no function that only makes one."""
    empty = ("firstEventTimestamp", "lastEventTimestamp", "lastIngestionTime")
    return {
        "events": [],
        "uploadSequenceToken": "1",
        "creationTime": at,
        **dict.fromkeys(empty),
    }
