"""enrich_posting ended at every one of its states: nothing is lost, nothing stays held.

One job per state, all in one run: each is ended the first time it enters its state. Then comes the
sweep, then the dead letters are sent again, as an operator would.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from common.postings import Posting
from embedded_aws.dataplane.faults import Request
from embedded_aws.model.faults import Target
from embedded_aws.stepfunctions.store import Execution
from tests.queue_stack import dead_jobs, job, owners, send_jobs, send_text, settle
from tests.stack import Stack, new_hour, new_posting
from tests.workflows.kills import Manner, killing, mark_of, mark_of_caller, states_of

pytestmark = pytest.mark.xdist_group("queue")

STATES = tuple(states_of("enrich_posting"))
NO_JSON = "kill-RejectUnreadable {}, which is no JSON"
REJECTED = ("Reject", "Rejected", "RejectUnreadable")
GIVEN_UP = ("GiveUp", "DeadLetter")
# Where an execution ends before the answer of its call is in Bronze, that call is made again.
ANSWER_LOST = ("InvokeModel", "ReleaseSlot")

Prepare = Callable[[Stack, Posting], None]


def failed_runs(count: int, for_ever: bool = True) -> Prepare:
    """The posting has failed so often in its second pass, and maybe always will."""

    def prepare(stack: Stack, posting: Posting) -> None:
        times = None if for_ever else 3 * count
        target = Target(title=posting.title, pass_name="pass2")
        stack.aws.model.faults.malformed(times, target)
        for _ in range(count):
            assert stack.enrich(posting, new_hour()).output["outcome"] == "FAILED"

    return prepare


def no_slot(stack: Stack, posting: Posting) -> None:
    """It cannot ask for a slot, one time with its retries."""
    mark = posting.title.split()[0]

    def matches(request: Request) -> bool:
        return mark_of_caller(stack, request.body) == mark

    code = "AWS.SimpleQueueService.UnsupportedOperation"
    stack.aws.faults.fail("sqs:SendMessage", code, times=6, matches=matches)


def bad_answers(stack: Stack, posting: Posting) -> None:
    target = Target(title=posting.title, pass_name="pass2")
    stack.aws.model.faults.malformed(times=3, target=target)


def throttled(stack: Stack, posting: Posting) -> None:
    stack.aws.model.faults.throttle(target=Target(title=posting.title))


def refused(stack: Stack, posting: Posting) -> None:
    stack.aws.model.faults.fail("ValidationException", target=Target(title=posting.title))


PREPARE: dict[str, Prepare] = {
    "Backoff": throttled,
    "ReleaseThrottled": throttled,
    "ReleaseUnanswered": refused,
    "CountFailure": bad_answers,
    "LookUp": failed_runs(1, for_ever=False),
    "GiveUp": failed_runs(3),
    "DeadLetter": failed_runs(2),
    "ReleaseClaim": no_slot,
    "ClaimReleased": no_slot,
    "Requeue": no_slot,
}


@dataclass
class Aftermath:
    """What was left, by state.

    killed       ARN of the execution that was ended there
    dead         dead letters after the sweep, by ARN of their execution
    still_owned  calls that hold a slot after the sweep
    swept        status items after the sweep
    ended        status items in the end
    answers      good answers per title and pass
    """

    postings: dict[str, Posting]
    killed: dict[str, str] = field(default_factory=dict)
    dead: dict[str, dict[str, Any]] = field(default_factory=dict)
    still_owned: dict[str, Any] = field(default_factory=dict)
    swept: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)


@pytest.fixture(scope="module", params=["stopped", "timed_out"])
def aftermath(shared_stack: Stack, request: pytest.FixtureRequest) -> Iterator[Aftermath]:
    shared_stack.clear_faults()
    yield killed_everywhere(shared_stack, request.param)
    shared_stack.clear_faults()


def killed_everywhere(stack: Stack, manner: Manner) -> Aftermath:
    left = Aftermath({state: new_posting(job_title=f"{state} {manner}") for state in STATES})
    for state, prepare in PREPARE.items():
        prepare(stack, left.postings[state])
    dead_jobs(stack)
    before = len(stack.aws.model.calls)

    def chosen(execution: Execution, state: str) -> bool:
        if mark_of(execution) != state or state in left.killed:
            return False
        left.killed[state] = execution.arn
        return True

    with killing(stack, "enrich_posting", chosen, manner):
        send(stack, left, NO_JSON.format(manner))
        settle(stack)
    stack.run("sweep_slots", {"source": "test"})
    settle(stack)
    dead = dead_jobs(stack)
    left.dead = {message["execution"]: message for message in dead}
    left.still_owned, left.swept = owners(stack), items(stack, left)
    stack.aws.faults.clear()
    send_again(stack, dead)
    settle(stack)
    left.ended = items(stack, left)
    calls = stack.aws.model.calls[before:]
    left.answers = Counter((call.title, call.pass_name) for call in calls if call.outcome == "ok")
    return left


def send(stack: Stack, left: Aftermath, no_json: str) -> None:
    """A job for each state, with its mark; two for the copy that loses its claim."""
    hour, jobs = new_hour(), []
    for state, posting in left.postings.items():
        passes = ["pass9"] if state in REJECTED else None
        jobs.append(job(posting, hour, run=f"kill-{state}", passes=passes))
    jobs.append(job(left.postings["NotClaimed"], hour, run="kill-NotClaimed copy"))
    with stack.aws.clock.hold():
        send_text(stack, no_json)
        send_jobs(stack, [one for one in jobs if one["run"] != "kill-RejectUnreadable"])


def send_again(stack: Stack, dead: list[dict[str, Any]]) -> None:
    texts = [message["message"] for message in dead]
    again = [json.loads(text) for text in texts if text.startswith("{")]
    usable = [message for message in again if message["passes"] is None]
    send_jobs(stack, [{**message, "run": f"{message['run']} again"} for message in usable])


def items(stack: Stack, left: Aftermath) -> dict[str, dict[str, Any]]:
    return {state: stack.posting_item(posting) for state, posting in left.postings.items()}


def test_an_execution_ended_at_each_state(aftermath: Aftermath) -> None:
    assert set(aftermath.killed) == set(STATES)


def test_no_slot_stays_held(aftermath: Aftermath) -> None:
    assert aftermath.still_owned == {}


@pytest.mark.parametrize("state", STATES)
def test_no_claim_stays_and_no_message_is_lost(aftermath: Aftermath, state: str) -> None:
    item = aftermath.swept[state]

    assert not {"owner", "lease"} & set(item)
    letter = aftermath.dead.get(aftermath.killed[state])
    if letter is None:
        assert item["overallStatus"] == {"S": "COMPLETED"}
    else:
        assert f"kill-{state}" in letter["message"]
        assert letter["reason"].endswith(".")


@pytest.mark.parametrize("state", STATES)
def test_sent_again_it_ends_as_it_should(aftermath: Aftermath, state: str) -> None:
    status = aftermath.ended[state].get("overallStatus", {}).get("S")

    if state in REJECTED:
        assert status is None
    else:
        assert status == ("PERMANENTLY_FAILED" if state in GIVEN_UP else "COMPLETED")
        assert not {"owner", "lease"} & set(aftermath.ended[state])
    assert aftermath.ended.keys() == aftermath.postings.keys()


@pytest.mark.parametrize("state", STATES)
def test_no_finished_pass_is_called_again(aftermath: Aftermath, state: str) -> None:
    title = aftermath.postings[state].title
    answers = [aftermath.answers[title, name] for name in ("pass1", "pass2", "pass3")]

    if state in (*REJECTED, *GIVEN_UP):
        assert answers == [0, 0, 0]
    elif state == "LookUp":
        assert answers == [0, 1, 1]
    else:
        assert answers == [1 + (state in ANSWER_LOST), 1, 1]
