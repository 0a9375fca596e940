"""Postings through the queue under any mixture of errors, deaths, copies and limits.

Whatever happens on the way: never more owners than the limit allowed, none in the end; each posting
ends complete or permanently failed, once; no finished pass is called again.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.postings import Posting
from embedded_aws.model.faults import Target
from embedded_aws.stepfunctions.store import Execution
from tests.queue_stack import (
    SlotWrite,
    dead_jobs,
    job,
    owners,
    send_jobs,
    set_limit,
    settle,
    slot_writes,
)
from tests.stack import Stack, new_hour, new_posting
from tests.workflows.kills import killing

pytestmark = pytest.mark.xdist_group("queue")

PASSES = ("pass1", "pass2", "pass3")
ROUNDS = 6  # deaths are no failed runs: three of those, and some that died
MORTAL = ("Claim", "LoadPasses", "AcquireSlot", "ReleaseSlot", "ParseAndStore", "RecordPass")
UNSTORED = ("ReleaseSlot", "ParseAndStore")  # dying there loses an answer that no pass has yet
TROUBLES = ("throttled", "down", "garbage", "truncated", "refused", "crash", *MORTAL)


@dataclass(frozen=True)
class Trouble:
    """What happens to a posting, in which pass, how often."""

    what: str
    pass_name: str
    times: int


@dataclass(frozen=True)
class Story:
    """Per posting its troubles and the copies of its job; the limits, one after the other."""

    postings: list[tuple[list[Trouble], int]]
    limits: list[int]


troubles = st.builds(
    Trouble, st.sampled_from(TROUBLES), st.sampled_from(PASSES), st.sampled_from([1, 2, 3, 9])
)
stories = st.builds(
    Story,
    st.lists(st.tuples(st.lists(troubles, max_size=3), st.integers(1, 2)), min_size=1, max_size=6),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
)


def plan(stack: Stack, posting: Posting, trouble: Trouble) -> None:
    model, where = stack.aws.model.faults, Target(title=posting.title, pass_name=trouble.pass_name)
    plans: dict[str, Callable[[], None]] = {
        "throttled": lambda: model.throttle(trouble.times, where),
        "down": lambda: model.fail("ServiceUnavailableException", trouble.times, where),
        "garbage": lambda: model.malformed(trouble.times, where),
        "truncated": lambda: model.truncate(200, trouble.times, where),
        "refused": lambda: model.fail("ValidationException", trouble.times, where),
        "crash": lambda: stack.aws.functions.faults.crash(
            stack.outputs["parse_response_function"],
            trouble.times,
            matches=lambda event: bool(event["posting"]["title"] == posting.title),
        ),
    }
    if trouble.what in plans:
        plans[trouble.what]()


def deaths(postings: list[Posting], story: Story) -> Callable[[Execution, str], bool]:
    """Chooses each death once: the posting's execution, at the state."""
    open_: Counter[tuple[str, str]] = Counter()
    for posting, (planned, _) in zip(postings, story.postings, strict=True):
        open_.update((posting.title, t.what) for t in planned if t.what in MORTAL)

    def chosen(execution: Execution, state: str) -> bool:
        (record,) = json.loads(execution.input_json())
        title = json.loads(record["body"])["posting"]["title"]
        if open_[title, state] == 0:
            return False
        open_[title, state] -= 1
        return True

    return chosen


def live(stack: Stack, story: Story) -> tuple[list[Posting], list[SlotWrite]]:
    """Sends all jobs, and again what is neither complete nor given up, while limits change."""
    marks = [new_posting() for _ in story.postings]
    postings = [new_posting(job_title=f"Engineer {mark.job_posting_id}") for mark in marks]
    hour = new_hour()
    for posting, (planned, _) in zip(postings, story.postings, strict=True):
        for trouble in planned:
            plan(stack, posting, trouble)
    dead_jobs(stack)
    with (
        slot_writes(stack) as writes,
        killing(stack, "enrich_posting", deaths(postings, story)),
    ):
        for number in range(ROUNDS):
            set_limit(stack, story.limits[number % len(story.limits)])
            waiting = [
                job(posting, hour, run=f"round-{number}-{copy}")
                for posting, (_, copies) in zip(postings, story.postings, strict=True)
                for copy in range(copies)
                if status(stack, posting) not in ("COMPLETED", "PERMANENTLY_FAILED")
            ]
            send_jobs(stack, waiting)
            set_limit(stack, story.limits[(number + 1) % len(story.limits)])
            settle(stack)
    return postings, writes


def status(stack: Stack, posting: Posting) -> str | None:
    found = stack.posting_item(posting).get("overallStatus")
    return None if found is None else str(found["S"])


def check(stack: Stack, story: Story) -> None:
    stack.clear_faults()
    before = len(stack.aws.model.calls)

    postings, writes = live(stack, story)

    assert all(write.owners <= max(story.limits) for write in writes)
    for old, new in itertools.pairwise(writes):
        assert new.owners <= old.owners or new.owners <= new.limit
    assert owners(stack) == {}
    answers = Counter(
        (call.title, call.pass_name)
        for call in stack.aws.model.calls[before:]
        if call.outcome == "ok"
    )
    letters = Counter(
        json.loads(letter["message"])["posting"]["title"]
        for letter in dead_jobs(stack)
        if "the next discovery takes the posting up again" not in letter["reason"]
    )
    for posting, (planned, copies) in zip(postings, story.postings, strict=True):
        assert status(stack, posting) in ("COMPLETED", "PERMANENTLY_FAILED")
        lost = sum(t.times if t.what == "crash" else t.what in UNSTORED for t in planned)
        for name in PASSES:
            assert answers[posting.title, name] <= 1 + lost
        # A copy that finds the posting given up is a dead letter, too.
        given_up = status(stack, posting) == "PERMANENTLY_FAILED"
        assert given_up <= letters[posting.title] <= given_up * copies


def run_stories(stack: Stack, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(stories)
    def holds(story: Story) -> None:
        check(stack, story)

    try:
        holds()
    finally:
        set_limit(stack, 5)


def test_any_story_ends_well(stack: Stack) -> None:
    run_stories(stack, examples=4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_stories_end_well(stack: Stack) -> None:
    run_stories(stack, examples=60)
