"""The smallest runs of enrich_posting, grant_slot and their pipes that need a grant."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.queue_stack import JOBS, SLOT_REQUESTS, job, queue_url
from tests.stack import Run, Stack, new_hour, new_posting
from tests.workflows import posting_cases
from tests.workflows.error_cases import THROTTLED, UPDATE, body
from tests.workflows.roles import told

Scenario = Callable[[Stack], Callable[[], str]]


def _told(run: Callable[[Stack], Run]) -> Scenario:
    """All that a run leaves behind; the log of the granter names no execution of a map."""

    def scenario(stack: Stack) -> Callable[[], str]:
        return lambda: told(stack, posting_cases.swept(run)(stack))

    return scenario


a_released_slot = _told(posting_cases.one_posting)
a_bad_message = _told(posting_cases.half_a_message)
a_message_sent_again = _told(posting_cases.without_a_queue(posting_cases.from_the_queue))
a_failed_posting = _told(posting_cases.failed_posting)
a_grant = _told(posting_cases.granting)
an_unanswered_grant = _told(
    posting_cases.failing(  # and does not ask again for ever
        posting_cases.granting,
        posting_cases.SEND,
        THROTTLED,
        posting_cases.REQUESTS,
        times=4,
    )
)
a_grant_below_the_ceiling = _told(posting_cases.beyond_the_ceiling)
a_grant_of_no_model = _told(posting_cases.unknown_model)
a_grant_in_an_open_circuit = _told(posting_cases.open_circuit)
an_unheard_grant = _told(posting_cases.unheard)
a_refused_grant = _told(
    posting_cases.failing(
        posting_cases.granting, UPDATE, posting_cases.CONDITION, body(b":call_ends")
    )
)


def a_job_in_the_queue(stack: Stack) -> Callable[[], str]:
    posting = new_posting()
    message = job(posting, new_hour())
    return lambda: _sent(stack, JOBS, posting.job_posting_id, message)


def a_request_in_the_queue(stack: Stack) -> Callable[[], str]:
    shard = new_posting().job_posting_id  # a group of its own: nobody waits behind it
    message = {"model": shard, "shard": shard, "call": "a-call", "token": "no-token"}
    return lambda: _sent(stack, SLOT_REQUESTS, shard, message)


def _sent(stack: Stack, queue: str, group: str, message: dict[str, Any]) -> str:
    """What the pipe of a queue could not do with a message."""
    stack.aws.advance_to(stack.aws.clock.now() + 120)  # beyond its last back-off
    failures = stack.aws.consumers.failures
    before = len(failures)
    stack.client("sqs").send_message(
        QueueUrl=queue_url(stack, queue),
        MessageBody=json.dumps(message),
        MessageGroupId=group,
        MessageDeduplicationId=f"{group}-{time.monotonic_ns()}",
    )
    deadline = time.monotonic() + 1
    while len(failures) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    return "\n".join(failure.error for failure in list(failures)[before:])
