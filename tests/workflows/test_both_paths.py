"""Partition and queue over the same postings at once: claims, slots and results are shared."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.queue_stack import job, owners, send_jobs, settle, slot_writes
from tests.stack import Stack, new_hour, new_posting, row

pytestmark = pytest.mark.xdist_group("queue")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_the_same_postings_by_both_paths_cost_three_calls_each(stack: Stack, count: int) -> None:
    hour, rows = new_hour(), [row() for _ in range(count)]
    postings = [new_posting(**columns) for columns in rows]
    stack.put_rows(hour, rows)
    stack.aws.model.faults.stall_between(8, 40, seed=count)
    stack.aws.model.faults.throttle_rate(0.05, seed=count)
    before = stack.calls

    with slot_writes(stack) as writes:
        with stack.aws.clock.hold():
            arn = stack.start("enrich_partition", {"partition": hour.parts})
            send_jobs(stack, [job(posting, hour) for posting in postings])
        settle(stack)
    first = stack.ended(arn)

    outcomes = Counter(call.outcome for call in stack.aws.model.calls[before:])
    assert outcomes["ok"] == 3 * count
    assert set(outcomes) <= {"ok", "ThrottlingException"}
    assert {stack.posting_item(p)["overallStatus"]["S"] for p in postings} == {"COMPLETED"}
    assert max(write.owners for write in writes) <= 5
    assert owners(stack) == {}
    assert first.status == "SUCCEEDED" or first.error == "PartitionDeferred", first.cause


def test_what_the_queue_enriched_is_assembled_without_a_call(stack: Stack) -> None:
    hour, rows = new_hour(), [row() for _ in range(4)]
    stack.put_rows(hour, rows)
    send_jobs(stack, [job(new_posting(**columns), hour) for columns in rows])
    settle(stack)
    before = stack.calls

    run = stack.enrich_partition(hour)

    assert run.status == "SUCCEEDED", run.cause
    assert run.output["jobs_succeeded"] == len(rows)
    assert stack.calls == before
    assert stack.enriched(hour).column("pass3_success").to_pylist() == [True] * len(rows)
