"""The same job more than once: one execution works, and what has to start again does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.postings import Posting
from embedded_aws.model.faults import Target
from tests.queue_stack import job, send_jobs, settle
from tests.stack import Hour, Run, Stack, new_hour, new_posting

pytestmark = pytest.mark.xdist_group("queue")


@pytest.fixture
def posting() -> Posting:
    posting = new_posting()
    return new_posting(
        job_posting_id=posting.job_posting_id, job_title=f"Engineer {posting.job_posting_id}"
    )


@pytest.fixture
def hour() -> Hour:
    return new_hour()


def record(message: dict[str, Any]) -> list[dict[str, Any]]:
    """What a pipe hands over for a message of the queue."""
    return [{"messageId": "m-1", "body": json.dumps(message), "eventSource": "aws:sqs"}]


def started(stack: Stack, *messages: dict[str, Any]) -> list[Run]:
    """Executions of the messages, all started before the first goes on."""
    with stack.aws.clock.hold():
        arns = [stack.start("enrich_posting", record(message)) for message in messages]
    return [stack.ended(arn) for arn in arns]


def outcomes(runs: list[Run]) -> list[str]:
    return sorted(run.output["outcome"] for run in runs)


def calls_of(stack: Stack, posting: Posting) -> int:
    return sum(call.title == posting.title for call in stack.aws.model.calls)


def test_at_once_one_works_and_the_other_is_a_duplicate(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    stack.aws.model.faults.stall_between(8, 40, seed=1)

    runs = started(stack, job(posting, hour), job(posting, hour))

    assert outcomes(runs) == ["COMPLETED", "DUPLICATE"]
    assert calls_of(stack, posting) == 3


def test_one_after_the_other_the_second_calls_nothing(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    (first,), (second,) = started(stack, job(posting, hour)), started(stack, job(posting, hour))

    assert outcomes([first, second]) == ["COMPLETED", "COMPLETED"]
    assert calls_of(stack, posting) == 3


def test_sent_twice_within_five_minutes_it_is_queued_once(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    executions = count_executions(stack)

    send_jobs(stack, [job(posting, hour)])
    send_jobs(stack, [job(posting, hour)])
    settle(stack)

    assert count_executions(stack) == executions + 1
    assert calls_of(stack, posting) == 3


def test_a_later_run_starts_what_failed_again(stack: Stack, posting: Posting, hour: Hour) -> None:
    stack.aws.model.faults.malformed(times=3, target=Target(title=posting.title))
    (failed,) = started(stack, job(posting, hour, run="run-1"))
    called = calls_of(stack, posting)

    send_jobs(stack, [job(posting, hour, run="run-2")])
    settle(stack)

    assert failed.output["outcome"] == "FAILED"
    assert called == 3
    assert calls_of(stack, posting) == called + 3
    assert stack.posting_item(posting)["overallStatus"] == {"S": "COMPLETED"}


def test_force_calls_again_once_even_if_it_is_asked_twice(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    stack.aws.model.faults.stall_between(8, 40, seed=2)
    started(stack, job(posting, hour))
    forced = job(posting, hour, force=True)

    runs = started(stack, forced, forced)

    assert outcomes(runs) == ["COMPLETED", "DUPLICATE"]
    assert calls_of(stack, posting) == 6


def count_executions(stack: Stack) -> int:
    """Executions of enrich_posting so far."""
    arn = stack.outputs["enrich_posting_arn"]
    return len(stack.aws.engine.services.store.by_machine.get(arn, ()))
