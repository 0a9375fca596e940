"""The queue path as tests and the bench drive it: jobs in, waiting for rest, what slots did."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from common.postings import Posting
from embedded_aws.dataplane import ministack
from tests.stack import Hour, Stack, posting_input
from tests.taps import Answered, Call, calls_watched

PREFIX = "data-engineer-jobs-local-"
JOBS, DEAD_JOBS = "enrichment-jobs.fifo", "enrichment-jobs-dlq.fifo"
SLOT_REQUESTS = "slot-requests.fifo"
SLOTS_TABLE = f"{PREFIX}enrichment-slots"
PATIENCE = 7200.0  # seconds of the computer


@dataclass(frozen=True)
class SlotWrite:
    """The item of a model after a write: time of the virtual clock, calls that hold a slot."""

    at: float
    slots: str
    owners: int
    limit: int


# --- jobs


def queue_url(stack: Stack, name: str) -> str:
    return str(stack.client("sqs").get_queue_url(QueueName=f"{PREFIX}{name}")["QueueUrl"])


def job(posting: Posting, hour: Hour, **fields: Any) -> dict[str, Any]:
    """The message that discovery sends for a posting."""
    given = posting_input(posting, hour)
    message = {"posting": given["posting"], "run": given["run"], "attempt": 1, "force": False}
    return {**message, "passes": None, **fields}


def send_jobs(stack: Stack, jobs: Sequence[dict[str, Any]]) -> None:
    """Puts jobs into the queue while the clock stands still, so that all wait at once."""
    url, sqs = queue_url(stack, JOBS), stack.client("sqs")
    with stack.aws.clock.hold():
        for start in range(0, len(jobs), 10):
            entries = [_entry(n, job) for n, job in enumerate(jobs[start : start + 10])]
            sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)
            assert not sent.get("Failed"), sent["Failed"]


def _entry(number: int, job: dict[str, Any]) -> dict[str, Any]:
    posting = job["posting"]
    names = (posting["job_posting_id"], posting["content_hash"], job["run"], str(job["attempt"]))
    return {
        "Id": str(number),
        "MessageBody": json.dumps(job),
        "MessageGroupId": posting["job_posting_id"],
        "MessageDeduplicationId": hashlib.sha256("|".join(names).encode()).hexdigest(),
    }


def send_text(stack: Stack, body: str) -> None:
    """Puts anything into the queue of jobs."""
    stack.client("sqs").send_message(
        QueueUrl=queue_url(stack, JOBS),
        MessageBody=body,
        MessageGroupId="any",
        MessageDeduplicationId=hashlib.sha256(body.encode()).hexdigest(),
    )


def dead_jobs(stack: Stack) -> list[dict[str, Any]]:
    """Takes all messages out of the dead-letter queue of jobs."""
    url, sqs, found = queue_url(stack, DEAD_JOBS), stack.client("sqs"), []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
    ).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


# --- waiting


def settle(stack: Stack) -> None:
    """Waits until no execution runs and no job or slot request waits."""
    deadline, quiet = time.monotonic() + PATIENCE, 0
    while quiet < 2:
        assert time.monotonic() < deadline, f"still at work: {_at_work(stack)[:3]}"
        quiet = 0 if _at_work(stack) else quiet + 1
        time.sleep(0.05)


def _at_work(stack: Stack) -> list[str]:
    running = list(stack.aws.engine.services.store.running)
    with ministack.request_scope():
        for name in (JOBS, SLOT_REQUESTS):
            queue = ministack.service("sqs")._queue_by_arn(_queue_arn(name))
            running += [f"{name}: {message['id']}" for message in queue["messages"]]
    return running


def _queue_arn(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:123456789012:{PREFIX}{name}"


@contextmanager
def schedules_paused(stack: Stack) -> Iterator[None]:
    """No schedule of the stack fires meanwhile."""
    scheduler = stack.client("scheduler")
    found = [
        scheduler.get_schedule(Name=entry["Name"], GroupName=entry["GroupName"])
        for entry in scheduler.list_schedules()["Schedules"]
    ]
    for schedule in found:
        scheduler.update_schedule(**_settings(schedule) | {"State": "DISABLED"})
    try:
        yield
    finally:
        for schedule in found:
            scheduler.update_schedule(**_settings(schedule))


def _settings(schedule: dict[str, Any]) -> dict[str, Any]:
    """What UpdateSchedule takes of what GetSchedule gives."""
    left_out = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")
    return {name: value for name, value in schedule.items() if name not in left_out}


# --- slots


def slot_items(stack: Stack) -> dict[str, dict[str, Any]]:
    """The items of the slots table as DynamoDB writes them, by model or shard."""
    answer = stack.client("dynamodb").query(
        TableName=SLOTS_TABLE,
        KeyConditionExpression="pk = :slots",
        ExpressionAttributeValues={":slots": {"S": "slots"}},
        ConsistentRead=True,
    )
    return {item["sk"]["S"]: item for item in answer["Items"]}


def owners(stack: Stack) -> dict[str, Any]:
    """All calls that hold a slot, of all models."""
    items = slot_items(stack).values()
    return {call: at for item in items for call, at in item.get("owners", {"M": {}})["M"].items()}


def set_limit(stack: Stack, limit: int) -> None:
    """Changes the limit of every model, as an operator would."""
    for slots in slot_items(stack):
        stack.client("dynamodb").update_item(
            TableName=SLOTS_TABLE,
            Key={"pk": {"S": "slots"}, "sk": {"S": slots}},
            UpdateExpression="SET #limit = :limit",
            ExpressionAttributeNames={"#limit": "limit"},
            ExpressionAttributeValues={":limit": {"N": str(limit)}},
        )


@contextmanager
def slot_writes(stack: Stack) -> Iterator[list[SlotWrite]]:
    """All writes to the slot items from here on, as they come."""
    found: list[SlotWrite] = []

    def observe(call: Call) -> Answered | None:
        if call.operation != "UpdateItem" or SLOTS_TABLE.encode() not in call.body:
            return None

        def answered(status: int, body: bytes) -> None:
            slots = call.request["Key"]["sk"]["S"]
            if status < 400 and call.request["Key"]["pk"]["S"] == "slots":
                found.append(_written(stack.aws.clock.now(), slots))

        return answered

    with calls_watched(("dynamodb",), observe):
        yield found


def _written(at: float, slots: str) -> SlotWrite:
    with ministack.request_scope():
        item = ministack.service("dynamodb")._tables[SLOTS_TABLE]["items"]["slots"][slots]
    return SlotWrite(at, slots, len(item.get("owners", {"M": {}})["M"]), int(item["limit"]["N"]))


def occupancy(writes: Sequence[SlotWrite], limit: int, until: float) -> float:
    """Share of `limit` slots that was held between the first grant and `until`, 0 to 1.

    writes  of one item, in the order they were made
    """
    granted = list(itertools.dropwhile(lambda write: not write.owners, writes))
    seen = [write for write in granted if write.at <= until]
    ends = [write.at for write in seen[1:]] + [until]
    held = sum(write.owners * (end - write.at) for write, end in zip(seen, ends, strict=True))
    return held / (limit * (until - seen[0].at))
