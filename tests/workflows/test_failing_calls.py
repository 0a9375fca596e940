"""Calls of enrich_posting that fail until its retries are spent, at each Task: nothing is lost.

One job per Task, all in one run; the errors are throttling or a fault of the service. Then the
sweep, then what is left is sent again without errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from common.postings import Posting
from embedded_aws.dataplane.faults import Request
from embedded_aws.model.faults import Target
from tests.queue_stack import dead_jobs, job, owners, send_jobs, settle
from tests.stack import Stack, new_hour, new_posting
from tests.workflows.kills import mark_of_caller

pytestmark = pytest.mark.xdist_group("queue")

MANY = 40  # errors: more than all retries of all three passes
UPDATE, THROUGHPUT = "dynamodb:UpdateItem", "ProvisionedThroughputExceededException"

Plan = Callable[[Stack, Posting], None]
Matches = Callable[[Request], bool]


def of_posting(*parts: bytes) -> Callable[[Posting], Matches]:
    """Calls that name the posting, with these parts in their body."""

    def build(posting: Posting) -> Matches:
        wanted = (*parts, f'{posting.job_posting_id}"'.encode())
        return lambda request: all(part in request.body for part in wanted)

    return build


met: set[str] = set()
"""Titles of postings whose error came about."""


def noted(posting: Posting, matches: Matches) -> Matches:
    def note(request: Request) -> bool:
        fits = matches(request)
        if fits:
            met.add(posting.title)
        return fits

    return note


def failing(action: str, code: str, status: int, match: Callable[[Posting], Matches]) -> Plan:
    def plan(stack: Stack, posting: Posting) -> None:
        matches = noted(posting, match(posting))
        stack.aws.faults.fail(action, code, status, times=MANY, matches=matches)

    return plan


def slot_calls_failing(action: str, code: str, part: bytes) -> Plan:
    """Calls that carry a call id of the posting's execution."""

    def plan(stack: Stack, posting: Posting) -> None:
        mark = posting.title.split()[0]

        def matches(request: Request) -> bool:
            return part in request.body and mark_of_caller(stack, request.body) == mark

        stack.aws.faults.fail(action, code, 500, times=MANY, matches=noted(posting, matches))

    return plan


def model_down(stack: Stack, posting: Posting) -> None:
    stack.aws.model.faults.fail(
        "ServiceUnavailableException", times=6, target=Target(title=posting.title)
    )


def function_crashes(stack: Stack, posting: Posting) -> None:
    def mine(event: Any) -> bool:
        return bool(event["posting"]["job_posting_id"] == posting.job_posting_id)

    function = stack.outputs["parse_response_function"]
    stack.aws.functions.faults.crash(function, times=3, matches=mine)


PLANS: dict[str, Plan] = {
    "Claim": failing(UPDATE, THROUGHPUT, 400, of_posting(b"ADD claims")),
    "AcquireSlot": slot_calls_failing("sqs:SendMessage", "ServiceUnavailable", b"slot-requests"),
    "GrantSlot": slot_calls_failing(UPDATE, "InternalServerError", b"trial_until = :call_ends"),
    "InvokeModel": model_down,
    "ReleaseSlot": slot_calls_failing(UPDATE, "InternalServerError", b"failures = :zero"),
    "ParseAndStore": function_crashes,
    "RecordPass": failing(UPDATE, THROUGHPUT, 400, of_posting(b"passes.#pass")),
    "Finish": failing(
        "dynamodb:TransactWriteItems",
        "TransactionCanceledException",
        400,
        of_posting(b"touched_at"),
    ),
}


@dataclass(frozen=True)
class Aftermath:
    """Status items after the sweep and in the end, by name; what still holds a slot.

    dead   marks of the jobs among the dead letters after the sweep
    met    names of the plans whose error came about
    calls  good answers
    """

    swept: dict[str, dict[str, Any]]
    dead: list[str]
    still_owned: dict[str, Any]
    ended: dict[str, dict[str, Any]]
    calls: dict[str, int]
    met: set[str]


@pytest.fixture(scope="module")
def aftermath(shared_stack: Stack) -> Iterator[Aftermath]:
    shared_stack.clear_faults()
    yield after_errors(shared_stack)
    shared_stack.clear_faults()


def after_errors(stack: Stack) -> Aftermath:
    postings = {name: new_posting(job_title=f"{name} with errors") for name in PLANS}
    hour = new_hour()
    for name, plan in PLANS.items():
        plan(stack, postings[name])
    dead_jobs(stack)
    jobs = [job(posting, hour, run=f"kill-{name}") for name, posting in postings.items()]
    send_jobs(stack, jobs)
    settle(stack)
    stack.run("sweep_slots", {"source": "test"})
    settle(stack)
    dead = [json.loads(message["message"])["run"] for message in dead_jobs(stack)]
    still_owned = owners(stack)
    swept = {name: stack.posting_item(posting) for name, posting in postings.items()}
    stack.clear_faults()
    send_jobs(stack, [{**message, "run": f"{message['run']} again"} for message in jobs])
    settle(stack)
    ended = {name: stack.posting_item(posting) for name, posting in postings.items()}
    titles = [call.title for call in stack.aws.model.calls if call.outcome == "ok"]
    calls = {name: titles.count(posting.title) for name, posting in postings.items()}
    bad = {call.title for call in stack.aws.model.calls if call.outcome != "ok"}
    hit = {name for name, posting in postings.items() if posting.title in met | bad}
    return Aftermath(swept, dead, still_owned, ended, calls, hit)


def test_each_error_came_about(aftermath: Aftermath) -> None:
    # The crash of a function shows in its calls, which are made again.
    assert aftermath.met == set(PLANS) - {"ParseAndStore"}


def test_no_slot_stays_held(aftermath: Aftermath) -> None:
    assert aftermath.still_owned == {}


@pytest.mark.parametrize("name", PLANS)
def test_no_claim_stays_and_no_posting_is_lost(aftermath: Aftermath, name: str) -> None:
    item = aftermath.swept[name]

    assert not {"owner", "lease"} & set(item)
    # Complete, to be taken up by the next discovery, or among the dead letters.
    found_again = item.get("overallStatus") in ({"S": "COMPLETED"}, {"S": "FAILED"})
    assert found_again or f"kill-{name}" in aftermath.dead


@pytest.mark.parametrize("name", PLANS)
def test_without_errors_it_is_completed(aftermath: Aftermath, name: str) -> None:
    assert aftermath.ended[name]["overallStatus"] == {"S": "COMPLETED"}


@pytest.mark.parametrize("name", PLANS)
def test_only_lost_answers_are_asked_for_again(aftermath: Aftermath, name: str) -> None:
    lost = 3 if name == "ParseAndStore" else 0

    assert aftermath.calls[name] == 3 + lost


def test_without_its_passes_an_execution_dies_and_its_posting_is_sent_again(stack: Stack) -> None:
    """The list of passes is one object for all postings, so this one is alone."""
    posting, hour = new_posting(), new_hour()
    stack.aws.faults.fail(
        "s3:GetObject", "SlowDown", 503, times=6, matches=lambda r: "config/passes" in r.resource
    )
    dead_jobs(stack)

    send_jobs(stack, [job(posting, hour)])
    settle(stack)
    (letter,) = dead_jobs(stack)
    died = stack.posting_item(posting)
    send_jobs(stack, [{**json.loads(letter["message"]), "run": "again"}])
    settle(stack)

    assert letter["error"].startswith("S3.")
    assert "owner" not in died
    assert stack.posting_item(posting)["overallStatus"] == {"S": "COMPLETED"}
