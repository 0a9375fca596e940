"""Dead letters: reading them without losing any, and sending chosen ones to their queue again.

A message that is read is hidden for a while and shown again as soon as it was not chosen. One that
is moved is sent first and deleted after, so that an end in between leaves it in both places, where
the claim of its posting makes the copy harmless.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.enrichment.passes import STATUS_TABLE
from cli.stack import Stack

QUEUES = {"jobs": "enrichment-jobs", "slot-requests": "slot-requests"}
HIDDEN_SECONDS = 120  # while they are looked at; also how long they stay hidden if dej is killed
LARGEST_BATCH = 10
_GROUP = re.compile(r"[!-~]{1,128}")
_CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
# What DynamoDB and SQS answer if the letter itself is at fault, rather than they or the caller.
_REFUSALS = ("ValidationException", "InvalidParameterValue", "InvalidMessageContents")


class Unsendable(Exception):
    """A letter that cannot be sent again; the text says why."""


@dataclass(frozen=True)
class Letter:
    """A dead letter.

    id         of the SQS message
    subject    the posting's id or, of a request for a slot, the call; None if it cannot be read
    message    what its queue's consumer was to get; None if that is no JSON object
    """

    id: str
    receipt: str
    sent: datetime
    message: dict[str, Any] | None
    reason: str
    error: str | None
    execution: str | None

    @property
    def subject(self) -> str | None:
        message = self.message or {}
        posting = message.get("posting")
        id = posting.get("job_posting_id") if isinstance(posting, dict) else message.get("call")
        return id if isinstance(id, str) and id else None

    def named(self, ids: Sequence[str]) -> bool:
        """Whether one of the ids is its own or its subject's."""
        return self.id in ids or self.subject in ids


class DeadLetters:
    """The dead letters of one queue, `jobs` or `slot-requests`."""

    def __init__(self, stack: Stack, queue: str) -> None:
        self._stack, self._queue = stack, queue
        self._sqs = stack.client("sqs")
        self._source = stack.queue_url(QUEUES[queue])
        self._dead = stack.queue_url(f"{QUEUES[queue]}-dlq")

    def count(self) -> int:
        """How many there are, about, those that somebody else looks at included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._dead, AttributeNames=names)
        return sum(int(number) for number in found["Attributes"].values())

    @contextmanager
    def read(self) -> Iterator[list[Letter]]:
        """All that can be read now, oldest first; shown again at the end unless moved or dropped.

        Of one posting, and of those that name none, ten at a time: the queue keeps their order.
        """
        letters: list[Letter] = []
        try:
            while batch := self._receive():
                letters += batch
            yield sorted(letters, key=lambda letter: letter.sent)
        finally:
            self._show_again(letters)

    def redrive(self, letter: Letter) -> None:
        """Sends its message to its queue as a first attempt, then deletes the letter.

        Raises Unsendable for one that its queue or its consumer would refuse; it stays as it is.
        """
        try:
            self._send(letter)
        except ClientError as error:
            if error.response["Error"]["Code"].rpartition(".")[2] not in _REFUSALS:
                raise
            raise Unsendable(error.response["Error"]["Message"]) from error
        self.drop(letter)

    def drop(self, letter: Letter) -> None:
        """Deletes a letter."""
        self._sqs.delete_message(QueueUrl=self._dead, ReceiptHandle=letter.receipt)

    def _send(self, letter: Letter) -> None:
        if self._queue == "jobs":
            body = {**_job(letter), "attempt": 1}
            self._let_try_again(body["posting"])
            group = group_of(body["posting"]["job_posting_id"])
        else:
            body = _request(letter)
            group = str(body["shard"])
        self._sqs.send_message(
            QueueUrl=self._source,
            MessageBody=json.dumps(body),
            MessageGroupId=group,
            # One of its own: under the old one the queue could swallow it as a copy.
            MessageDeduplicationId=hashlib.sha256(f"redrive|{letter.id}".encode()).hexdigest(),
        )

    def _receive(self) -> list[Letter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._dead,
            MaxNumberOfMessages=LARGEST_BATCH,
            WaitTimeSeconds=1,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        return [_letter(message) for message in answer.get("Messages", [])]

    def _show_again(self, letters: Sequence[Letter]) -> None:
        """A letter that is gone by now is none of ours any more."""
        for first in range(0, len(letters), LARGEST_BATCH):
            batch = letters[first : first + LARGEST_BATCH]
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._dead,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                    for number, letter in enumerate(batch)
                ],
            )

    def _let_try_again(self, posting: dict[str, Any]) -> None:
        """Forgets the failed runs of a posting that nobody holds; finished passes stay paid."""
        try:
            self._stack.client("dynamodb").update_item(
                TableName=self._stack.thing(STATUS_TABLE),
                Key={
                    "pk": {"S": f"posting#{posting['job_posting_id']}"},
                    "sk": {"S": posting["content_hash"]},
                },
                UpdateExpression="SET overallStatus = :failed, retryCount = :none",
                ConditionExpression="overallStatus = :over AND attribute_not_exists(#owner)",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={
                    ":failed": {"S": "FAILED"},
                    ":over": {"S": "PERMANENTLY_FAILED"},
                    ":none": {"N": "0"},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


def group_of(id: str) -> str:
    """The message group of a posting: its id, or a hash where SQS does not take that."""
    return id if _GROUP.fullmatch(id) else hashlib.sha256(id.encode()).hexdigest()


def _job(letter: Letter) -> dict[str, Any]:
    """A job whose posting has an id and a content hash, without which no workflow takes it."""
    message = letter.message or {}
    posting = message.get("posting")
    if letter.subject is None or not isinstance(posting, dict):
        raise Unsendable("it names no posting")
    content_hash = posting.get("content_hash")
    if not isinstance(content_hash, str) or not _CONTENT_HASH.fullmatch(content_hash):
        raise Unsendable(f"its content_hash is {content_hash!r}, not 64 hexadecimal digits")
    return message


def _request(letter: Letter) -> dict[str, Any]:
    """A request for a slot that names its call and its shard."""
    message = letter.message or {}
    if letter.subject is None or not _GROUP.fullmatch(str(message.get("shard", ""))):
        raise Unsendable("it names no call or no shard")
    return message


def _letter(message: dict[str, Any]) -> Letter:
    """Letters of the workflows carry the message and what went wrong; SQS's own the message."""
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    found = _object(message["Body"]) or {}
    told = found if "reason" in found and "message" in found else None
    return Letter(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        sent=sent,
        message=_object(told["message"]) if told else found or None,
        reason=told["reason"] if told else "It was received too often without being handled.",
        error=told.get("error") if told else None,
        execution=told.get("execution") if told else None,
    )


def _object(value: Any) -> dict[str, Any] | None:
    """A JSON object, given as such or as text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None
