"""A case for each Retry and each Catch of the workflows that find work."""

from __future__ import annotations

from collections.abc import Callable

from tests.stack import Hour, Run, Stack, row
from tests.workflows.ceiling import ceiling
from tests.workflows.error_cases import (
    INVOKE,
    LIST,
    MANY,
    METRIC,
    QUERY,
    SLOW,
    START,
    THROTTLED,
    THROUGHPUT,
    UPDATE,
    Case,
    body,
    day_of,
    listing,
    resource,
)


def one_pending(stack: Stack) -> None:
    stack.empty_lake()
    stack.put_rows(Hour("2026/01/08/00"), [row()])


def find(stack: Stack) -> Run:
    one_pending(stack)
    return stack.run("find_pending_partitions", {})


def find_beyond_the_ceiling(stack: Stack) -> Run:
    with ceiling(stack, 0):
        return stack.run("find_pending_partitions", {})


def daily(stack: Stack) -> Run:
    one_pending(stack)
    return stack.run("enrich_partitions", {})


def poisoned(stack: Stack) -> Run:
    stack.empty_lake()
    stack.put_silver(Hour("2026/01/08/01"), b"no parquet")
    return stack.run("enrich_partitions", {})


def two_pending(stack: Stack) -> None:
    """The second is there so that a run in which the first fails succeeds."""
    stack.empty_lake()
    for hour in ("02", "03"):
        stack.put_rows(Hour(f"2026/01/08/{hour}"), [row()])


def queue(stack: Stack) -> Run:
    two_pending(stack)
    return stack.run("discover_postings", {})


def queue_without_sending(stack: Stack) -> Run:
    """The first partition's message is refused each time."""
    batch = body(b"Entries")
    stack.aws.faults.fail("sqs:SendMessage", "AccessDenied", 403, times=6, matches=batch)
    return queue(stack)


def queue_with_a_broken_one(stack: Stack) -> Run:
    two_pending(stack)
    stack.put_silver(Hour("2026/01/08/01"), b"no parquet")
    return stack.run("discover_postings", {})


def refused(action: str, *parts: bytes, run: Callable[[Stack], Run]) -> Callable[[Stack], Run]:
    """A condition, or what else would pass, fails once for the calls with these parts."""
    code = {UPDATE: "ConditionalCheckFailedException"}.get(action, "AccessDenied")

    def fail(stack: Stack) -> Run:
        stack.aws.faults.fail(action, code, 400, times=1, matches=body(*parts))
        return run(stack)

    return fail


def items_refused(stack: Stack) -> Run:
    matches = resource("items.jsonl")
    stack.aws.faults.fail("s3:GetObject", "AccessDenied", 403, times=1, matches=matches)
    return queue(stack)


def without_metrics(run: Callable[[Stack], Run]) -> Callable[[Stack], Run]:
    def refused(stack: Stack) -> Run:
        stack.aws.faults.fail(METRIC, "ValidationException", 403, times=1)
        return run(stack)

    return refused


FIND, DISCOVER = "find_pending_partitions", "discover_postings"
TAKE, MARK, UNMARK = b"ADD queue_taken", b":failed", b"now REMOVE queued_at"
SAVE, GIVE_UP = b"queue_left", b"ADD attempts"

RETRIES = {
    (FIND, "ReadSpend"): Case(QUERY, THROUGHPUT, 400, body(b"spent.#today"), find),
    (FIND, "ReadLift"): Case(
        "dynamodb:GetItem", THROUGHPUT, 400, body(b"slots-control"), find_beyond_the_ceiling
    ),
    (FIND, "ReportCeiling"): Case(
        METRIC, THROTTLED, 400, lambda request: True, find_beyond_the_ceiling
    ),
    (FIND, "ListYears"): Case(LIST, SLOW, 503, listing("linkedin/", True), find),
    (FIND, "ListMonths"): Case(LIST, SLOW, 503, listing("year=2026/", True), find),
    (FIND, "ListDays"): Case(LIST, SLOW, 503, listing("month=01/", True), find),
    (FIND, "ListSilver"): Case(LIST, SLOW, 503, day_of("linkedin/"), find),
    (FIND, "ListSilverAi"): Case(LIST, SLOW, 503, day_of("linkedin_ai/"), find),
    (FIND, "ReadItems"): Case(QUERY, THROUGHPUT, 400, body(b"partition#"), find),
    (FIND, "ReportBehind"): Case(METRIC, THROTTLED, 400, lambda request: True, find),
    ("enrich_partitions", "FindPending"): Case(
        START, THROTTLED, 400, body(b'local-find-pending-partitions"'), daily
    ),
    ("enrich_partitions", "EnrichPartition"): Case(
        START, THROTTLED, 400, body(b'local-enrich-partition"'), daily
    ),
    (DISCOVER, "FindPending"): Case(
        START, THROTTLED, 400, body(b'local-find-pending-partitions"'), queue
    ),
    (DISCOVER, "ListSilver"): Case(LIST, SLOW, 503, listing("hour=02/", False), queue),
    (DISCOVER, "BeginPartition"): Case(UPDATE, THROUGHPUT, 400, body(b"SET queue_run"), queue),
    (DISCOVER, "ReadPartition"): Case(INVOKE, MANY, 429, resource("read-partition"), queue),
    (DISCOVER, "LookUp"): Case(
        "dynamodb:BatchGetItem", THROUGHPUT, 400, lambda request: True, queue
    ),
    (DISCOVER, "TakeShare"): Case(UPDATE, THROUGHPUT, 400, body(TAKE), queue),
    (DISCOVER, "Mark"): Case(UPDATE, THROUGHPUT, 400, body(MARK, b":stale"), queue),
    (DISCOVER, "Send"): Case("sqs:SendMessage", "InternalError", 500, body(b"Entries"), queue),
    (DISCOVER, "RemoveMark"): Case(UPDATE, THROUGHPUT, 400, body(UNMARK), queue_without_sending),
    (DISCOVER, "SavePartition"): Case(UPDATE, THROUGHPUT, 400, body(SAVE), queue),
    (DISCOVER, "GiveUpPartition"): Case(
        UPDATE, THROUGHPUT, 400, body(GIVE_UP), queue_with_a_broken_one
    ),
}

# (workflow, state, state that the catch leads to) -> run that takes it
CATCHES: dict[tuple[str, str, str], Callable[[Stack], Run]] = {
    (FIND, "ReportCeiling", "CeilingReached"): without_metrics(find_beyond_the_ceiling),
    (FIND, "ReportBehind", "Found"): without_metrics(find),
    ("enrich_partitions", "EnrichPartition", "PartitionEnded"): poisoned,
    (DISCOVER, "ReadPartition", "GiveUpPartition"): queue_with_a_broken_one,
    (DISCOVER, "TakeShare", "Counted"): refused(UPDATE, TAKE, run=queue),
    (DISCOVER, "Mark", "Marked"): refused(UPDATE, MARK, b":stale", run=queue),
    (DISCOVER, "Send", "Unmark"): queue_without_sending,
    (DISCOVER, "RemoveMark", "MarkRemoved"): refused(UPDATE, UNMARK, run=queue_without_sending),
    (DISCOVER, "QueuePostings", "GiveUpPartition"): items_refused,
    (DISCOVER, "SavePartition", "PartitionDone"): refused(UPDATE, SAVE, run=queue),
    (DISCOVER, "GiveUpPartition", "PartitionGivenUp"): refused(
        UPDATE, GIVE_UP, run=queue_with_a_broken_one
    ),
}
