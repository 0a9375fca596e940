"""`dej dlq`: reading dead letters changes nothing, moving them loses nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from embedded_aws.model.faults import Target
from tests.cli.commands.conftest import Dej
from tests.stack import Stack, new_hour, new_posting, posting_input

PREFIX = "data-engineer-jobs-local-"
TABLE = f"{PREFIX}enrichment-status"


@pytest.fixture(autouse=True)
def standing(stack: Stack, dej: Dej) -> Iterator[None]:
    """Nothing takes messages off the queues; they are empty before and after."""
    dej("schedule", "pause")
    empty(stack)
    yield
    empty(stack)
    dej("schedule", "resume")


def url(stack: Stack, thing: str) -> str:
    found = stack.client("sqs").get_queue_url(QueueName=f"{PREFIX}{thing}.fifo")
    return str(found["QueueUrl"])


def empty(stack: Stack) -> None:
    for thing in ("enrichment-jobs", "slot-requests"):
        for queue in (thing, f"{thing}-dlq"):
            stack.client("sqs").purge_queue(QueueUrl=url(stack, queue))


def send(stack: Stack, thing: str, body: Any, group: str) -> str:
    """The id of a new message."""
    number = send.__dict__["number"] = send.__dict__.get("number", 0) + 1
    answer = stack.client("sqs").send_message(
        QueueUrl=url(stack, thing),
        MessageBody=body if isinstance(body, str) else json.dumps(body),
        MessageGroupId=group,
        MessageDeduplicationId=f"test-{number}",
    )
    return str(answer["MessageId"])


def message(id: str, **fields: Any) -> dict[str, Any]:
    posting = posting_input(new_posting(job_posting_id=id), new_hour())["posting"]
    return {
        "posting": posting,
        "run": "run-1",
        "attempt": 3,
        "force": False,
        "passes": None,
        **fields,
    }


def dead(stack: Stack, id: str, reason: str = "pass1 failed in 3 runs.", **columns: Any) -> str:
    """A letter as enrich_posting writes it; `columns` replace those of its posting."""
    lost = message(id)
    lost["posting"] |= columns
    body = {
        "message": json.dumps(lost),
        "reason": reason,
        "error": "schema",
        "execution": f"arn:aws:states:us-east-1:123456789012:execution:m:{id}",
        "at": "2026-03-01T12:00:00Z",
    }
    return send(stack, "enrichment-jobs-dlq", body, id)


def waiting(stack: Stack, thing: str) -> list[dict[str, Any]]:
    """What a consumer could take now, as objects; it is shown again at once."""
    sqs, queue = stack.client("sqs"), url(stack, thing)
    found: list[dict[str, Any]] = []
    taken = []
    while batch := sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=0,
        MessageSystemAttributeNames=["MessageGroupId", "MessageDeduplicationId"],
    ).get("Messages"):
        taken += batch
    for one in taken:
        sqs.change_message_visibility(
            QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0
        )
        body = json.loads(one["Body"]) if one["Body"][:1] == "{" else {"text": one["Body"]}
        found.append({**body, "group": one["Attributes"]["MessageGroupId"]})
    return found


def test_a_letter_says_what_happened(stack: Stack, dej: Dej) -> None:
    id = dead(stack, "p-1")
    stack.aws.advance_to(stack.aws.clock.now() + 7_300)

    assert dej("dlq", "list").out == (
        f"{id}  p-1  2 h old\n"
        "  pass1 failed in 3 runs. (schema)\n"
        "  execution arn:aws:states:us-east-1:123456789012:execution:m:p-1\n"
    )


def test_letters_of_every_origin(stack: Stack, dej: Dej) -> None:
    dead(stack, "p-1")
    send(stack, "enrichment-jobs-dlq", message("p-2"), "p-2")
    rejected = {"message": "no JSON at all", "reason": "The message is not JSON.", "error": None}
    send(stack, "enrichment-jobs-dlq", rejected, "unreadable")
    send(stack, "enrichment-jobs-dlq", "nonsense", "other")

    found = dej("--json", "dlq", "list").records

    assert [(r["subject"], r["reason"]) for r in found] == [
        ("p-1", "pass1 failed in 3 runs."),
        ("p-2", "It was received too often without being handled."),
        (None, "The message is not JSON."),
        (None, "It was received too often without being handled."),
    ]


def test_looking_takes_nothing_away(stack: Stack, dej: Dej) -> None:
    ids = {dead(stack, f"p-{number}") for number in range(25)}

    for _ in range(2):
        assert {r["id"] for r in dej("--json", "dlq", "list").records} == ids
    assert len(waiting(stack, "enrichment-jobs-dlq")) == 25


def test_chosen_letters_are_sent_again(stack: Stack, dej: Dej) -> None:
    by_letter = dead(stack, "p-1")
    dead(stack, "p-2")
    dead(stack, "p-3")

    ended = dej("dlq", "redrive", "--id", by_letter, "--id", "p-3")

    assert ended.code == 0
    assert sorted(ended.out.splitlines()) == [
        "p-1 goes to jobs again",
        "p-3 goes to jobs again",
    ]
    sent = {body["posting"]["job_posting_id"]: body for body in waiting(stack, "enrichment-jobs")}
    assert set(sent) == {"p-1", "p-3"}
    # AND as first attempts, in the group of their posting
    assert {(body["attempt"], body["run"], body["group"]) for body in sent.values()} == {
        (1, "run-1", "p-1"),
        (1, "run-1", "p-3"),
    }
    # AND what was not chosen can be read by others at once
    assert [b["execution"][-3:] for b in waiting(stack, "enrichment-jobs-dlq")] == ["p-2"]


def test_an_id_that_is_no_message_group(stack: Stack, dej: Dej) -> None:
    body = {"message": message("Übersetzer 7"), "reason": "failed", "error": None}
    send(stack, "enrichment-jobs-dlq", body, "x")

    dej("dlq", "redrive", "--all")

    (sent,) = waiting(stack, "enrichment-jobs")
    assert sent["posting"]["job_posting_id"] == "Übersetzer 7"
    assert len(sent["group"]) == 64


def test_what_cannot_be_sent_again_stays_and_holds_up_nothing(stack: Stack, dej: Dej) -> None:
    empty_hash = dead(stack, "p-0", content_hash="")
    unreadable = send(stack, "enrichment-jobs-dlq", "nonsense", "unreadable")
    too_long = dead(stack, "p-2", job_posting_id="p" * 3_000)
    dead(stack, "p-1")

    ended = dej("dlq", "redrive", "--all")

    assert (ended.code, ended.out) == (1, "p-1 goes to jobs again\n")
    first, second, third, error, hint = ended.err.splitlines()
    assert first == f"{empty_hash}  p-0  stays: its content_hash is '', not 64 hexadecimal digits"
    assert second == f"{unreadable}  unreadable  stays: it names no posting"
    # as DynamoDB says of a key of that length
    assert third.startswith(f"{too_long}  {'p' * 3_000}  stays: ")
    assert error.startswith("error: Letters that cannot be sent again: 3 of 4;")
    assert hint == f"  try: dej dlq drop --id {empty_hash} --id {unreadable} --id {too_long}"
    assert len(waiting(stack, "enrichment-jobs")) == 1
    assert len(waiting(stack, "enrichment-jobs-dlq")) == 3
    # AND the remedy is one
    assert dej(*hint.split()[2:]).code == 0
    assert waiting(stack, "enrichment-jobs-dlq") == []


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "Give --id or --all."),
        (("--id", "p-1", "--all"), 2, "Give --id or --all, not both."),
        (("--id", "p-1", "--id", "p-9"), 1, "There is no dead letter p-9."),
    ],
)
def test_choices_that_cannot_be_move_nothing(
    stack: Stack, dej: Dej, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    dead(stack, "p-1")

    ended = dej("dlq", "redrive", *arguments)

    assert (ended.code, ended.err.splitlines()[0]) == (code, f"error: {sentence}")
    assert waiting(stack, "enrichment-jobs") == []
    assert len(waiting(stack, "enrichment-jobs-dlq")) == 1


def test_an_unreadable_one_by_name(stack: Stack, dej: Dej) -> None:
    id = send(stack, "enrichment-jobs-dlq", "nonsense", "unreadable")

    ended = dej("dlq", "redrive", "--id", id)

    assert ended.code == 1
    assert ended.err.startswith(f"{id}  unreadable  stays: it names no posting\n")
    assert len(waiting(stack, "enrichment-jobs-dlq")) == 1


def test_chosen_letters_are_deleted(stack: Stack, dej: Dej) -> None:
    id = send(stack, "enrichment-jobs-dlq", "nonsense", "unreadable")
    dead(stack, "p-1")
    dead(stack, "p-2")

    ended = dej("dlq", "drop", "--id", id, "--id", "p-2")

    assert (ended.code, len(ended.out.splitlines())) == (0, 2)
    assert [body["group"] for body in waiting(stack, "enrichment-jobs-dlq")] == ["p-1"]
    assert waiting(stack, "enrichment-jobs") == []
    assert dej("dlq", "drop", "--id", id).code == 1


@pytest.mark.parametrize("broken", ["sqs:SendMessage", "sqs:DeleteMessage"])
def test_an_end_in_between_loses_nothing(stack: Stack, dej: Dej, broken: str) -> None:
    dead(stack, "p-1")
    dead(stack, "p-2")
    stack.aws.faults.fail(broken, "InternalError", 500)

    assert dej("dlq", "redrive", "--all").code == 3
    assert stack.aws.faults.pending == []
    # THEN every posting is in one of the queues, and to be seen there
    both = waiting(stack, "enrichment-jobs-dlq") + waiting(stack, "enrichment-jobs")
    assert {body["group"] for body in both} == {"p-1", "p-2"}

    # AND once more moves the rest, without a second copy of what was sent
    assert dej("dlq", "redrive", "--all").code == 0
    assert sorted(body["group"] for body in waiting(stack, "enrichment-jobs")) == ["p-1", "p-2"]
    assert waiting(stack, "enrichment-jobs-dlq") == []


@pytest.mark.parametrize("held", [False, True])
def test_a_posting_that_failed_for_good_is_tried_again(stack: Stack, dej: Dej, held: bool) -> None:
    dead(stack, "p-1")
    posting = new_posting(job_posting_id="p-1")
    item = {
        "pk": {"S": "posting#p-1"},
        "sk": {"S": posting.content_hash},
        "overallStatus": {"S": "PERMANENTLY_FAILED"},
        "retryCount": {"N": "3"},
        "passes": {"M": {"pass1": {"M": {"status": {"S": "COMPLETED"}}}}},
        **({"owner": {"S": "arn"}} if held else {}),
    }
    stack.client("dynamodb").put_item(TableName=TABLE, Item=item)

    assert dej("dlq", "redrive", "--id", "p-1").code == 0

    after = stack.posting_item(posting)
    # UNLESS another holds it: then it is left to that one
    expected = ("PERMANENTLY_FAILED", "3") if held else ("FAILED", "0")
    assert (after["overallStatus"]["S"], after["retryCount"]["N"]) == expected
    assert after["passes"] == item["passes"]
    assert len(waiting(stack, "enrichment-jobs")) == 1


def test_what_failed_for_good_ends_well_after_a_redrive(stack: Stack, dej: Dej) -> None:
    # GIVEN a posting whose second pass failed in three runs
    dej("schedule", "resume")
    posting, hour = new_posting(), new_hour()
    stack.aws.model.faults.wrong_schema(times=9, target=Target(pass_name="pass2"))
    for _ in range(3):
        stack.enrich(posting, hour)
    assert stack.posting_item(posting)["overallStatus"]["S"] == "PERMANENTLY_FAILED"
    (letter,) = dej("--json", "dlq", "list").records
    assert letter["subject"] == posting.job_posting_id
    assert letter["reason"].startswith("pass2 failed in 3 runs")
    # AND which no discovery calls again
    calls = stack.calls
    stack.enrich(posting, hour)
    assert stack.calls == calls

    ended = dej("dlq", "redrive", "--id", posting.job_posting_id)

    assert ended.code == 0
    deadline = time.monotonic() + 60
    while stack.posting_item(posting)["overallStatus"]["S"] != "COMPLETED":
        assert time.monotonic() < deadline, "the posting is not tried again"
        time.sleep(0.05)
    # THEN only what had failed, and what needs it, was called
    assert stack.calls == calls + 2
    assert [r for r in dej("--json", "dlq", "list").records if r["id"] == letter["id"]] == []


def test_requests_for_slots(stack: Stack, dej: Dej) -> None:
    request = {"model": "m", "shard": "m#1", "call": "arn|pass1|1", "token": "t"}
    send(stack, "slot-requests-dlq", request, "m#1")
    shardless = send(stack, "slot-requests-dlq", {"call": "arn|pass2|1", "shard": ""}, "m#1")

    letter, _ = dej("--json", "dlq", "list", "--queue", "slot-requests").records
    assert letter["subject"] == "arn|pass1|1"
    ended = dej("dlq", "redrive", "--all", "--queue", "slot-requests")

    assert (ended.code, ended.out) == (1, "arn|pass1|1 goes to slot-requests again\n")
    assert ended.err.endswith(f"  try: dej dlq drop --id {shardless} --queue slot-requests\n")
    assert waiting(stack, "slot-requests") == [{**request, "group": "m#1"}]
    assert [body["call"] for body in waiting(stack, "slot-requests-dlq")] == ["arn|pass2|1"]
