"""One large partition through the whole path, and once more without a call."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from cli.demo.executions import history
from embedded_aws.model.endpoint import ModelReply
from tests.bench.measure import Measured, peak_mb, resident_mb
from tests.stack import TEXT, Hour, Stack, new_hour, row

LONG_CHARACTERS = 100_000
MOST_STATES = 23
MOST_MINUTES = 20
SAMPLE = 20  # postings whose histories are read
KEPT_CALLS = 300

Exchange = tuple[str, bytes, bytes]
"""Model id, request body and reply body of a call."""


def measure_partition(stack: Stack, rows: int, long: int) -> tuple[list[Measured], list[Exchange]]:
    """Measurements, and some of the model calls that were made.

    `long` of the rows have a description of 100 KB. Raises RuntimeError if rows are lost.
    """
    hour = new_hour()
    every = rows // long if long else rows + 1
    stack.put_rows(hour, [posting(number, number % every == every - 1) for number in range(rows)])
    exchanges = keep_calls(stack)
    before, resident = stack.calls, resident_mb()
    seconds, arn = timed(stack, hour, rows)
    calls, grown = stack.calls - before, resident_mb() - resident
    again, _ = timed(stack, hour, rows)
    repeated = stack.calls - before - calls
    states = states_per_posting(stack, arn)
    return [
        Measured("postings in the partition", rows, f"rows, {long} of them 100 KB"),
        Measured(
            "partition",
            seconds,
            "s",
            f"at most {MOST_MINUTES} minutes",
            seconds <= MOST_MINUTES * 60,
        ),
        Measured("postings enriched", rows / seconds, "per s"),
        Measured("model calls", calls, "calls", "3 per posting", calls == 3 * rows),
        Measured(
            "states entered per posting",
            states,
            "states",
            f"at most {MOST_STATES}",
            states <= MOST_STATES,
        ),
        Measured("memory gained by the run", grown, "MB"),
        Measured("memory of the server process, peak", peak_mb(), "MB"),
        Measured("the same partition again", again, "s"),
        Measured("model calls of the second run", repeated, "calls", "none", repeated == 0),
    ], exchanges


def posting(number: int, long: bool) -> dict[str, Any]:
    """A row unlike the others; a long one has its facts at the beginning."""
    text = f"Team {number} of {number % 17 + 2} engineers. {TEXT}"
    if long:
        text += f" We care about team {number}." * (LONG_CHARACTERS // 25)
    return row(job_title=f"Data Engineer {number}", job_description_text=text[:LONG_CHARACTERS])


def timed(stack: Stack, hour: Hour, rows: int) -> tuple[float, str]:
    """Seconds of one run of enrich_partition, and its ARN."""
    states = stack.client("stepfunctions")
    start, arn = time.monotonic(), stack.start("enrich_partition", {"partition": hour.parts})
    while (run := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.5)
    seconds = time.monotonic() - start
    if run["status"] != "SUCCEEDED":
        raise RuntimeError(f"the partition ended {run['status']}: {run.get('cause')}")
    succeeded = json.loads(run["output"])["jobs_succeeded"]
    if not stack.enriched(hour).num_rows == succeeded == rows:
        raise RuntimeError(f"{succeeded} of {rows} postings were enriched")
    return seconds, arn


def states_per_posting(stack: Stack, arn: str) -> float:
    """States entered by the children of the map and the executions they start, on average."""
    states = stack.client("stepfunctions")
    run = states.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
    pages = states.get_paginator("list_executions").paginate(mapRunArn=run)
    children = [child["executionArn"] for page in pages for child in page["executions"]]
    sample = children[:: max(1, len(children) // SAMPLE)]
    return sum(entered(states, child) for child in sample) / len(sample)


def entered(states: Any, arn: str) -> int:
    """States that an execution entered, with those of the executions it started."""
    count = 0
    for event in history(states, arn):
        count += event["type"].endswith("StateEntered")
        submitted = event.get("taskSubmittedEventDetails", {})
        if submitted.get("resourceType") == "states":
            count += entered(states, json.loads(submitted["output"])["ExecutionArn"])
    return count


def keep_calls(stack: Stack) -> list[Exchange]:
    """The first model calls from here on, as they come."""
    kept: list[Exchange] = []
    model, numbers = stack.aws.model, itertools.count()
    invoke: Callable[[str, bytes], ModelReply] = model.invoke

    def keeping(model_id: str, body: bytes) -> ModelReply:
        reply = invoke(model_id, body)
        if next(numbers) < KEPT_CALLS:
            kept.append((model_id, body, reply.body))
        return reply

    model.invoke = keeping  # type: ignore[method-assign]
    return kept
