"""What needs the grants of discovery and sweep; see denials.py."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.queue_stack import job
from tests.stack import Hour, Stack, new_hour, new_posting, row
from tests.workflows.ceiling import ceiling
from tests.workflows.holds import claim_partition, claim_posting, dead, forgotten, hold_slot
from tests.workflows.roles import told

Run = Callable[[], str]


def pending(stack: Stack) -> Run:
    """There is one partition to find."""
    _one_partition(stack)
    return lambda: told(stack, stack.run("find_pending_partitions", {}))


def pending_beyond_the_ceiling(stack: Stack) -> Run:
    def run() -> str:
        with ceiling(stack, 0):
            return told(stack, stack.run("find_pending_partitions", {}))

    return run


def a_posting_to_queue(stack: Stack) -> Run:
    _one_partition(stack)
    return lambda: told(stack, stack.run("discover_postings", {}))


def what_a_dead_posting_held(stack: Stack) -> Run:
    stack.empty_lake()
    arn = forgotten(stack)
    hold_slot(stack, f"{arn}|pass1|1")
    claim_posting(stack, new_posting(), arn)
    return lambda: told(stack, stack.run("sweep_slots", {}))


def what_a_dead_partition_held(stack: Stack) -> Run:
    stack.empty_lake()
    owner = forgotten(stack).replace("enrich-posting", "enrich-partition")
    claim_partition(stack, Hour("2026/01/08/05"), owner)
    return lambda: told(stack, stack.run("sweep_slots", {}))


def a_dead_job(stack: Stack) -> Run:
    stack.empty_lake()
    posting, hour = new_posting(), new_hour()
    record = [{"messageId": "m", "body": json.dumps(job(posting, hour))}]
    arn = dead(stack, record)
    claim_posting(stack, posting, arn)
    return lambda: told(stack, stack.run("sweep_slots", {"execution": arn}))


def a_death(stack: Stack) -> Run:
    """Its event starts a sweep."""
    posting, hour = new_posting(), new_hour()
    record = [{"messageId": "m", "body": json.dumps(job(posting, hour))}]
    return undelivered(stack, lambda: dead(stack, record))


def an_hour(stack: Stack) -> Run:
    """Every schedule but the daily ones fires."""
    stack.empty_lake()
    return undelivered(stack, lambda: stack.aws.advance_to(stack.aws.clock.now() + 3601))


def undelivered(stack: Stack, happen: Callable[[], object]) -> Run:
    """What could not be started meanwhile."""

    def run() -> str:
        failures = stack.aws.deliveries.failures
        before = len(failures)
        happen()
        return "\n".join(failure.error for failure in list(failures)[before:])

    return run


def _one_partition(stack: Stack) -> None:
    stack.empty_lake()
    stack.put_rows(new_hour(), [row()])
