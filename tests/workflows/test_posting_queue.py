"""The queue path of enrich_posting: one message, one posting, and where every other end leads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from common.postings import Posting
from embedded_aws.model.faults import Target
from tests.queue_stack import JOBS, dead_jobs, job, owners, queue_url, send_jobs, set_limit, settle
from tests.stack import Hour, Run, Stack, new_hour, new_posting
from tests.workflows.definitions import redefined
from tests.workflows.error_cases import hold

pytestmark = pytest.mark.xdist_group("queue")

WAIT = "$number('28800')"  # of the stack `local`, for a slot
A_MINUTE = "$number('60')"


@pytest.fixture
def posting() -> Posting:
    posting = new_posting()
    return new_posting(
        job_posting_id=posting.job_posting_id, job_title=f"Engineer {posting.job_posting_id}"
    )


@pytest.fixture
def hour() -> Hour:
    return new_hour()


@pytest.fixture(autouse=True)
def no_dead_letters(stack: Stack) -> None:
    dead_jobs(stack)


def of_posting(posting: Posting) -> Target:
    return Target(title=posting.title)


def calls(stack: Stack, posting: Posting) -> list[str]:
    """The passes that were called for the posting."""
    return [call.pass_name for call in stack.aws.model.calls if call.title == posting.title]


def through_the_queue(stack: Stack, message: dict[str, Any]) -> None:
    send_jobs(stack, [message])
    settle(stack)


def last_run(stack: Stack, posting: Posting) -> Run:
    return stack.ended(stack.posting_item(posting)["execution"]["S"])


def started(stack: Stack, body: str) -> Run:
    """The execution of a message, as the pipe starts it."""
    return stack.run("enrich_posting", [{"messageId": "m-1", "body": body}])


def put_aside(message: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A message whose posting has some other fields; None takes one away."""
    fields = {**message["posting"], **changes}
    kept = {name: value for name, value in fields.items() if value is not None}
    return {**message, "posting": kept}


# --- what is meant to happen


def test_a_message_is_enriched(stack: Stack, posting: Posting, hour: Hour) -> None:
    through_the_queue(stack, job(posting, hour))

    item = stack.posting_item(posting)
    assert item["overallStatus"] == {"S": "COMPLETED"}
    assert item["run"] == {"S": "run-of-a-test"}
    assert set(item["passes"]["M"]) == {"pass1", "pass2", "pass3"}
    assert not {"owner", "lease", "queued_at"} & set(item)
    assert "touched_at" in stack.partition_item(hour)
    assert owners(stack) == {}
    assert len(last_run(stack, posting).entered) == 22


def test_the_claim_takes_the_mark_of_discovery_away(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"posting#{posting.job_posting_id}"},
            "sk": {"S": posting.content_hash},
            "overallStatus": {"S": "PENDING"},
            "queued_at": {"S": "2026-03-01T11:59:00.000Z"},
        },
    )

    through_the_queue(stack, job(posting, hour))

    item = stack.posting_item(posting)
    assert item["overallStatus"] == {"S": "COMPLETED"}
    assert "queued_at" not in item
    assert item["claims"] == {"N": "1"}


def test_some_passes_leave_the_posting_pending_until_all_are_there(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    found = []
    for passes in (["pass2"], ["pass1"], ["pass3"]):
        run = started(stack, json.dumps(job(posting, hour, passes=passes)))
        status = stack.posting_item(posting)["overallStatus"]["S"]
        found.append((len(run.output["passes"]), status))

    assert found == [(2, "PENDING"), (1, "PENDING"), (3, "COMPLETED")]
    assert calls(stack, posting) == ["pass1", "pass2", "pass3"]


def test_a_pass_alone_leaves_the_others_as_they_are(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    started(stack, json.dumps(job(posting, hour)))

    run = started(stack, json.dumps(job(posting, hour, passes=["pass1"], force=True)))

    assert calls(stack, posting) == ["pass1", "pass2", "pass3", "pass1"]
    assert [entry["name"] for entry in run.output["passes"]] == ["pass1"]
    item = stack.posting_item(posting)
    assert item["overallStatus"] == {"S": "COMPLETED"}
    assert set(item["passes"]["M"]) == {"pass1", "pass2", "pass3"}


def test_force_calls_again(stack: Stack, posting: Posting, hour: Hour) -> None:
    started(stack, json.dumps(job(posting, hour)))

    run = started(stack, json.dumps(job(posting, hour, force=True)))

    assert len(calls(stack, posting)) == 6
    assert not any(entry["cached"] for entry in run.output["passes"])


def test_a_cached_pass_keeps_its_tokens(stack: Stack, posting: Posting, hour: Hour) -> None:
    first = started(stack, json.dumps(job(posting, hour)))

    second = started(stack, json.dumps(job(posting, hour)))

    assert all(entry["cached"] for entry in second.output["passes"])
    assert [e["tokens"] for e in second.output["passes"]] == [
        e["tokens"] for e in first.output["passes"]
    ]


# --- bad messages

PARTS = "send an object with posting, run, attempt, force and passes."


def texts(missing: str) -> str:
    return f"The posting has no text in {missing}; send every field, an unknown one as empty text."


BAD: dict[str, tuple[Callable[[dict[str, Any]], str], str]] = {
    "no JSON": (lambda message: "{half", f"The message is not JSON; {PARTS}"),
    "no object": (lambda message: "[1, 2]", f"The message has no posting; {PARTS}"),
    "a text": (lambda message: '"text"', f"The message has no posting; {PARTS}"),
    "no posting": (
        lambda message: json.dumps({**message, "posting": None}),
        f"The message has no posting; {PARTS}",
    ),
    "no id": (
        lambda message: json.dumps(put_aside(message, job_posting_id=None)),
        texts("job_posting_id"),
    ),
    "a number as id": (
        lambda message: json.dumps(put_aside(message, job_posting_id=7)),
        texts("job_posting_id"),
    ),
    "no text, no hash": (
        lambda message: json.dumps(put_aside(message, text=None, content_hash=None)),
        texts("content_hash, text"),
    ),
    "a blank id": (
        lambda message: json.dumps(put_aside(message, job_posting_id=" ")),
        "The posting has a blank job_posting_id; send its id.",
    ),
    "an unknown pass": (
        lambda message: json.dumps({**message, "passes": ["pass1", "pass9"]}),
        "The message names the pass pass9, which does not exist; "
        "name some of pass1,pass2,pass3, or null for all.",
    ),
    "no run": (
        lambda message: json.dumps({**message, "run": None}),
        "The message does not name its run; send the name of the execution that found the posting.",
    ),
    "an hour that is none": (
        lambda message: json.dumps(put_aside(message, partition="2026/1/1")),
        "The posting has a content_hash or a partition that cannot be; "
        "send 64 hexadecimal digits and YYYY/MM/DD/HH.",
    ),
    "an attempt that is none": (
        lambda message: json.dumps({**message, "attempt": "first"}),
        "The message has an attempt that is no number; send 1.",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_message_is_a_dead_letter_with_its_reason(
    stack: Stack, posting: Posting, hour: Hour, kind: str
) -> None:
    make, reason = BAD[kind]
    body, before = make(job(posting, hour)), stack.calls

    run = started(stack, body)

    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "REJECTED")
    (letter,) = dead_jobs(stack)
    assert letter == {
        "message": body,
        "reason": reason,
        "error": None,
        "execution": run.arn,
        "at": letter["at"],
    }
    assert stack.calls == before
    assert stack.posting_item(posting) == {}


def test_garbage_in_the_queue_does_not_hold_up_the_rest(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    sent = stack.client("sqs").send_message(
        QueueUrl=queue_url(stack, JOBS),
        MessageBody="garbage",
        MessageGroupId=posting.job_posting_id,
        MessageDeduplicationId=posting.content_hash,
    )
    through_the_queue(stack, job(posting, hour))

    assert sent["MessageId"]
    assert [letter["message"] for letter in dead_jobs(stack)] == ["garbage"]
    assert stack.posting_item(posting)["overallStatus"] == {"S": "COMPLETED"}


# --- failures


def test_a_posting_that_fails_for_the_last_time_is_a_dead_letter_once(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    stack.aws.model.faults.malformed(times=None, target=of_posting(posting))
    statuses: list[str] = []
    for _ in range(3):
        through_the_queue(stack, job(posting, hour, run=f"run-{len(statuses)}"))
        statuses.append(stack.posting_item(posting)["overallStatus"]["S"])

    assert statuses == ["FAILED", "FAILED", "PERMANENTLY_FAILED"]
    assert stack.posting_item(posting)["retryCount"] == {"N": "3"}
    (letter,) = dead_jobs(stack)
    assert json.loads(letter["message"]) == job(posting, hour, run="run-2")
    assert letter["reason"].startswith("pass1 failed in 3 runs; the last error: ")
    assert letter["error"] in ("malformed", "schema")
    assert letter["execution"] == stack.posting_item(posting)["execution"]["S"]


def test_its_message_comes_back_without_a_call_but_with_force_is_enriched(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    stack.aws.model.faults.malformed(times=9, target=of_posting(posting))
    for _ in range(3):
        started(stack, json.dumps(job(posting, hour)))
    dead_jobs(stack)
    before = stack.calls

    assert started(stack, json.dumps(job(posting, hour))).output["outcome"] == "FAILED"
    assert stack.calls == before
    (letter,) = dead_jobs(stack)
    message = {**json.loads(letter["message"]), "force": True}

    assert started(stack, json.dumps(message)).output["outcome"] == "COMPLETED"
    assert dead_jobs(stack) == []
    assert stack.posting_item(posting)["retryCount"] == {"N": "0"}


def test_the_partition_path_leaves_a_dead_letter_that_can_be_sent(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    stack.aws.model.faults.malformed(times=9, target=of_posting(posting))
    for _ in range(4):
        stack.enrich(posting, hour)

    (letter,) = dead_jobs(stack)
    run = started(stack, json.dumps({**json.loads(letter["message"]), "force": True}))
    assert run.output["outcome"] == "COMPLETED"


# --- no slot


def test_a_message_waits_three_times_for_a_slot(stack: Stack, posting: Posting, hour: Hour) -> None:
    set_limit(stack, 0)
    try:
        with redefined(stack, "enrich_posting", WAIT, A_MINUTE):
            through_the_queue(stack, job(posting, hour))
    finally:
        set_limit(stack, 5)
    settle(stack)

    item = stack.posting_item(posting)
    assert item["claims"] == {"N": "3"}
    assert item["overallStatus"] == {"S": "PERMANENTLY_FAILED"}
    assert item["retryCount"] == {"N": "0"}
    assert "owner" not in item
    (letter,) = dead_jobs(stack)
    assert json.loads(letter["message"])["attempt"] == 3
    assert letter["error"] == "States.Timeout"
    assert letter["reason"].startswith("No slot of offline-rules-v1 came free in 3 waits of ")
    assert calls(stack, posting) == []
    assert owners(stack) == {}


def test_a_message_that_was_sent_again_is_enriched_once_there_is_a_slot(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    set_limit(stack, 0)
    try:
        with redefined(stack, "enrich_posting", WAIT, A_MINUTE):
            run = started(stack, json.dumps(job(posting, hour)))
            waiting = stack.posting_item(posting)
    finally:
        set_limit(stack, 5)
    settle(stack)

    assert run.output["outcome"] == "REQUEUED"
    assert waiting["overallStatus"]["S"] in ("PENDING", "IN_PROGRESS")
    assert waiting.get("owner") != {"S": run.arn}
    assert stack.posting_item(posting)["overallStatus"] == {"S": "COMPLETED"}
    assert sorted(calls(stack, posting)) == ["pass1", "pass2", "pass3"]
    assert dead_jobs(stack) == []


def test_the_partition_path_gives_its_claim_back_and_is_deferred(
    stack: Stack, posting: Posting, hour: Hour
) -> None:
    set_limit(stack, 0)
    try:
        with redefined(stack, "enrich_posting", WAIT, A_MINUTE):
            run = stack.enrich(posting, hour)
    finally:
        set_limit(stack, 5)

    assert run.output["outcome"] == "DEFERRED"
    item = stack.posting_item(posting)
    assert item["overallStatus"] == {"S": "PENDING"}
    assert not {"owner", "lease", "queued_at"} & set(item)
    assert dead_jobs(stack) == []


# --- claims that are lost on the way


@pytest.mark.parametrize("path", ["queue", "partition"])
def test_who_loses_the_claim_on_the_way_goes_on_no_further(
    stack: Stack, posting: Posting, hour: Hour, path: str
) -> None:
    message = job(posting, hour)
    request: Any = [{"body": json.dumps(message)}] if path == "queue" else message
    set_limit(stack, 0)
    try:
        arn = stack.start("enrich_posting", request)
        while "owner" not in stack.posting_item(posting):
            time.sleep(0.01)
        hold(stack, f"posting#{posting.job_posting_id}", posting.content_hash)
    finally:
        set_limit(stack, 5)
    run = stack.ended(arn)

    assert run.output["outcome"] == ("DUPLICATE" if path == "queue" else "DEFERRED")
    assert run.entered[-2:] == ["RecordPass", "NotClaimed"]
    assert stack.posting_item(posting)["owner"] == {"S": "another"}
    assert owners(stack) == {}
