"""News of executions: EventBridge status events, CloudWatch metrics, log records.

The receivers run on the engine's loop and must not block. Children of a Distributed Map send no
status events and no metrics of their own; they do log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .history import TERMINAL, Event, render
from .jsontext import dumps, size_of_text
from .store import Execution

EVENT_DATA_LIMIT = 248 * 1024  # bytes of input or output that a status event still carries

OnStatus = Callable[[dict[str, Any]], None]
"""The `detail` of an event "Step Functions Execution Status Change"."""

OnMetric = Callable[[str, float, str, dict[str, str]], None]
"""(name, value, unit, dimensions) of a data point in the namespace AWS/States."""

OnLog = Callable[[str, dict[str, Any]], None]
"""(ARN of the log group, record)."""

_METRICS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}

_OF_THE_ACCOUNT = {"ServiceMetric": "StateTransition"}


class Publisher:
    """Tells the receivers that are set; see `store.Signals`."""

    def __init__(
        self,
        on_status: OnStatus | None = None,
        on_metric: OnMetric | None = None,
        on_log: OnLog | None = None,
    ) -> None:
        self._on_status = on_status
        self._on_metric = on_metric
        self._on_log = on_log

    def started(self, execution: Execution) -> None:
        self._attach_log(execution)
        if execution.map_run_arn is None:
            self._status(execution)
            name = "ExecutionsRedriven" if execution.redrives else "ExecutionsStarted"
            self._metric(execution, name, 1.0, "Count")

    def ended(self, execution: Execution) -> None:
        if execution.map_run_arn is None:
            self._status(execution)
            self._metric(execution, _METRICS[execution.status], 1.0, "Count")
            seconds = (execution.stopped or execution.started) - execution.started
            self._metric(execution, "ExecutionTime", seconds * 1000, "Milliseconds")
        if self._on_metric is not None and not execution.plan.express:
            count = float(_transitions(execution))
            self._on_metric("ConsumedCapacity", count, "Count", dict(_OF_THE_ACCOUNT))

    def _status(self, execution: Execution) -> None:
        # EXPRESS executions send no status events.
        if self._on_status is not None and not execution.plan.express:
            self._on_status(status_detail(execution))

    def _metric(self, execution: Execution, name: str, value: float, unit: str) -> None:
        if self._on_metric is not None:
            self._on_metric(name, value, unit, {"StateMachineArn": execution.plan.machine_arn})

    def _attach_log(self, execution: Execution) -> None:
        logging = execution.plan.logging
        level = logging.get("level", "OFF")
        groups = [
            destination["cloudWatchLogsLogGroup"]["logGroupArn"]
            for destination in logging.get("destinations", [])
        ]
        on_log = self._on_log
        if on_log is None or level == "OFF" or not groups:
            return
        with_data = bool(logging.get("includeExecutionData", False))

        def record(number: int, event: Event) -> None:
            if _logged(level, event.type):
                for group in groups:
                    on_log(group, log_record(execution, number, event, with_data))

        execution.history.listener = record


def _transitions(execution: Execution) -> int:
    """States entered since the start or the last redrive; AWS counts them as they happen."""
    count = 0
    for event in reversed(execution.history.events):
        if event.type == "ExecutionRedriven":
            break
        count += event.type.endswith("StateEntered")
    return count


def _logged(level: str, type_: str) -> bool:
    if level == "ALL":
        return True
    fatal = type_ in TERMINAL and type_ != "ExecutionSucceeded"
    if level == "FATAL":
        return fatal
    return fatal or type_.endswith(("Failed", "TimedOut", "Aborted"))


def log_record(execution: Execution, number: int, event: Event, with_data: bool) -> dict[str, Any]:
    """An event as Step Functions writes it to a log group."""
    shown = render(number, event, with_data)
    details: dict[str, Any] = next((v for k, v in shown.items() if k.endswith("EventDetails")), {})
    return {
        "id": str(number),
        "type": event.type,
        "details": details,
        "previous_event_id": str(event.previous),
        "event_timestamp": str(round(event.time * 1000)),
        "execution_arn": execution.arn,
        "redrive_count": "0",
    }


def status_detail(execution: Execution) -> dict[str, Any]:
    """The detail of a status event; large input and output are left out, as on AWS."""
    detail: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.plan.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": round(execution.started * 1000),
        "stopDate": None if execution.stopped is None else round(execution.stopped * 1000),
        "input": None,
        "output": None,
        "inputDetails": {"included": True},
        "outputDetails": None,
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": 0,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
    }
    texts = {"input": execution.input_json()}
    if execution.status == "SUCCEEDED":
        texts["output"] = dumps(execution.output)
    included = sum(size_of_text(text) for text in texts.values()) <= EVENT_DATA_LIMIT
    for name, text in texts.items():
        detail[f"{name}Details"] = {"included": included}
        if included:
            detail[name] = text
    return detail
