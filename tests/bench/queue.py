"""Postings through the queue: how fast, through how many states, at what cost beside tokens."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from cli.demo.executions import history
from tests.bench.costs import metered, usd
from tests.bench.measure import Measured
from tests.bench.slots import CALL
from tests.queue_stack import job, send_jobs, set_limit, settle
from tests.stack import Stack, new_hour, new_posting, row, running_stack

LIMITS = (5, 50)
PER_PARTITION = 100  # postings that discovery takes of one partition
MOST_STATES = 22
MOST_USD = 0.70  # per 1,000 postings
SAMPLE = 20


def measure_queue(count: int) -> list[Measured]:
    """From discovery to the end of the last posting, then the same again, on a virtual clock.

    With few slots postings wait long, with many the item of the slots is large: both cost.
    """
    return [line for limit in LIMITS for line in _at_limit(limit, count)]


def _at_limit(limit: int, count: int) -> list[Measured]:
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder)) as stack:
        set_limit(stack, limit)
        stack.aws.model.faults.stall_between(*CALL, seed=count)
        return _measured(stack, f"queue, {limit} slots", count)


def _measured(stack: Stack, name: str, count: int) -> list[Measured]:
    rows = [row(job_title=f"Engineer {n}") for n in range(count)]
    hours = [new_hour() for _ in range(0, count, PER_PARTITION)]
    for number, hour in enumerate(hours):
        stack.put_rows(hour, rows[number * PER_PARTITION :][:PER_PARTITION])
    began, before = time.monotonic(), stack.calls
    with metered(stack) as meter:
        discovered = stack.run("discover_postings", {"source": "bench", "time": "now"})
        settle(stack)
    wall, calls = time.monotonic() - began, stack.calls - before
    if discovered.output["sent"] != count:
        raise RuntimeError(f"{discovered.output['sent']} of {count} postings were sent")
    again = [job(new_posting(**columns), hours[0], run="again") for columns in rows]
    send_jobs(stack, again)
    settle(stack)
    repeated = stack.calls - before - calls
    states, most = _states_per_posting(stack), f"at most {MOST_STATES}"
    costs = {unit: 1000 * cost / count for unit, cost in usd(meter.units).items()}
    total, below = sum(costs.values()), f"below {MOST_USD:.2f}"
    return [
        Measured(f"{name}: throughput of this machine", count / wall, "postings per s"),
        Measured(f"{name}: model calls", calls, "calls", "3 per posting", calls == 3 * count),
        Measured(f"{name}: model calls of a second run", repeated, "calls", "0", repeated == 0),
        Measured(f"{name}: states per posting", states, "states", most, states <= MOST_STATES),
        Measured(f"{name}: cost of 1,000 beside tokens", total, "USD", below, total < MOST_USD),
        *(
            Measured(f"  {unit}: {meter.units.get(unit, 0) / count:,.3g} per posting", cost, "USD")
            for unit, cost in costs.items()
        ),
    ]


def _states_per_posting(stack: Stack) -> float:
    """States entered by executions that called the model for three passes, on average."""
    states = stack.client("stepfunctions")
    arns = stack.aws.engine.services.store.by_machine[stack.outputs["enrich_posting_arn"]]
    counts = []
    for arn in arns[:SAMPLE]:
        names = Counter(
            event["stateEnteredEventDetails"]["name"]
            for event in history(states, arn)
            if event["type"].endswith("StateEntered")
        )
        if names["InvokeModel"] == 3:
            counts.append(names.total())
    return sum(counts) / len(counts)
