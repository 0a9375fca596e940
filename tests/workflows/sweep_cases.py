"""A case for each Retry and each Catch of sweep_slots."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.queue_stack import job
from tests.stack import Hour, Run, Stack, new_hour, new_posting
from tests.workflows.error_cases import QUERY, THROTTLED, THROUGHPUT, UPDATE, Case, body
from tests.workflows.holds import (
    claim_partition,
    claim_posting,
    dead,
    dead_unreadable,
    forgotten,
    hold_slot,
)

SWEEP = "sweep_slots"
FREE_SLOT, FREE_POSTING = b"REMOVE owners.#call", b":verdict"
FREE_PARTITION = b"REMOVE #owner, #lease, overallStatus"


def sweep(stack: Stack) -> Run:
    """Somebody dead holds a slot, a posting and a partition."""
    stack.empty_lake()
    arn, posting = forgotten(stack), new_posting()
    hold_slot(stack, f"{arn}|pass1|1")
    claim_posting(stack, posting, arn)
    claim_partition(stack, Hour("2026/01/08/04"), arn)
    return stack.run(SWEEP, {})


def sweep_a_dead_job(stack: Stack) -> Run:
    """The last of its runs: it needs a dead letter."""
    stack.empty_lake()
    posting, hour = new_posting(), new_hour()
    record = [{"messageId": "m", "body": json.dumps(job(posting, hour))}]
    arn = dead(stack, record)
    claim_posting(stack, posting, arn)
    return stack.run(SWEEP, {"execution": arn})


def sweep_an_unreadable_job(stack: Stack) -> Run:
    stack.empty_lake()
    arn = dead_unreadable(stack, "no JSON")
    return stack.run(SWEEP, {"execution": arn})


def freed_meanwhile(*parts: bytes) -> Callable[[Stack], Run]:
    def run(stack: Stack) -> Run:
        code = "ConditionalCheckFailedException"
        stack.aws.faults.fail(UPDATE, code, 400, times=1, matches=body(*parts))
        return sweep(stack)

    return run


RETRIES = {
    (SWEEP, "ReadPage"): Case(QUERY, THROUGHPUT, 400, body(b"owners"), sweep),
    (SWEEP, "Describe"): Case(
        "states:DescribeExecution", THROTTLED, 400, body(b":long-gone"), sweep
    ),
    (SWEEP, "FreeSlot"): Case(UPDATE, THROUGHPUT, 400, body(FREE_SLOT, b"long-gone"), sweep),
    (SWEEP, "ReadItem"): Case("dynamodb:GetItem", THROUGHPUT, 400, body(b"posting#"), sweep),
    (SWEEP, "DeadLetter"): Case(
        "sqs:SendMessage", "InternalError", 500, body(b"outside of its handlers"), sweep_a_dead_job
    ),
    (SWEEP, "FreePosting"): Case(UPDATE, THROUGHPUT, 400, body(FREE_POSTING), sweep),
    (SWEEP, "FreePartition"): Case(UPDATE, THROUGHPUT, 400, body(FREE_PARTITION), sweep),
}

CATCHES: dict[tuple[str, str, str], Callable[[Stack], Run]] = {
    (SWEEP, "Describe", "IsDead"): sweep,
    (SWEEP, "FreeSlot", "SlotFreed"): freed_meanwhile(FREE_SLOT, b"long-gone"),
    (SWEEP, "ReadItem", "JudgeUnreadable"): sweep_an_unreadable_job,
    (SWEEP, "FreePosting", "Judged"): freed_meanwhile(FREE_POSTING),
    (SWEEP, "FreePartition", "Nothing"): freed_meanwhile(FREE_PARTITION),
}
