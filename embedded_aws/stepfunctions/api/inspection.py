"""`inspectionData` of TestState: what became of the values on their way through a state."""

from __future__ import annotations

from typing import Any

from ..definition import Map, Retriable, State
from ..errors import StatesError
from ..items import items_of, percentage_of, select
from ..jsontext import dumps
from ..map_io import batches, items_at
from ..map_run import THRESHOLD, exceeded
from ..retry import catcher_of, retrier_of, wait_before
from ..step import Step
from ..store import Execution


def of_visit(execution: Execution, variables: dict[str, Any]) -> dict[str, Any]:
    """Input, arguments, result and variables, from the events of the visit."""
    data: dict[str, Any] = {"input": execution.input_json(), "variables": dumps(variables)}
    for event in execution.history.events:
        details = event.details or {}
        if event.type.endswith("Scheduled"):
            given = details.get("parameters", details.get("input"))
            data["afterArguments"] = dumps(given)
        if event.type.endswith("Succeeded") and "output" in details:
            data["result"] = dumps(details["output"])
        if details.get("assignedVariables"):
            variables = {**variables, **details["assignedVariables"]}
            data["variables"] = dumps(variables)
    return data


def of_error(state: State, error: StatesError, used: int) -> dict[str, Any]:
    """Which retrier or catcher of the state the error meets after so many retries."""
    if not isinstance(state, Retriable):
        return {}
    retrier = retrier_of(state.retriers, error)
    if retrier is not None:
        wait = wait_before(retrier[1], used)
        if wait is not None:
            details = {"retryIndex": retrier[0], "retryBackoffIntervalSeconds": int(wait)}
            return {"errorDetails": details}
    catcher = catcher_of(state.catchers, error)
    return {} if catcher is None else {"errorDetails": {"catchIndex": catcher[0]}}


def of_map(step: Step, state: Map, read: Any) -> dict[str, Any]:
    """What the iterations of a Map would get; `read` is the data of its reader, if given."""
    shown: dict[str, Any] = {}
    if read is not None:
        pointer = ""
        if state.reader is not None and state.reader.config is not None:
            pointer = step.evaluate(state.reader.config).get("ItemsPointer") or ""
        values = list(items_at(read, pointer)[0])
        shown["afterItemsPointer"] = dumps(values)
    elif state.reader is not None:
        return shown
    else:
        found = items_of(step, state)
        values = (
            list(found)
            if isinstance(found, list)
            else [{"Key": key, "Value": value} for key, value in found.items()]
        )
    entries = [{"Index": place, "Value": value} for place, value in enumerate(values)]
    inputs = [select(step, state, entry) for entry in entries]
    if state.selector is not None:
        shown["afterItemSelector"] = dumps(inputs)
    if state.batcher is not None:
        most = step.integer(state.batcher.max_items, "MaxItemsPerBatch", 1)
        bytes_ = step.integer(state.batcher.max_bytes, "MaxInputBytesPerBatch", 1)
        extra = state.batcher.batch_input
        batched = batches(inputs, most, bytes_, None if extra is None else step.evaluate(extra))
        shown["afterItemBatcher"] = dumps(list(batched))
    count = step.integer(state.tolerated_count, "ToleratedFailureCount")
    if count is not None:
        shown["toleratedFailureCount"] = count
    if state.tolerated_percentage is not None:
        shown["toleratedFailurePercentage"] = percentage_of(step, state)
    most_at_once = step.integer(state.max_concurrency, "MaxConcurrency")
    if most_at_once is not None:
        shown["maxConcurrency"] = most_at_once
    return shown


def judged(step: Step, state: Map, failed: int) -> StatesError | None:
    """The error of a Distributed Map of which so many iterations failed, None if it tolerates."""
    if not failed or not state.distributed:
        return None
    count = step.integer(state.tolerated_count, "ToleratedFailureCount") or 0
    found = None if state.reader is not None else items_of(step, state)
    total = len(found) if found is not None else failed
    if exceeded(failed, total, count, percentage_of(step, state)):
        return StatesError(THRESHOLD, "The specified tolerated failure threshold was exceeded")
    return None
