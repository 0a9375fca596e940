"""Messages as consumers see them, the patterns that select them, and what failed of a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.messaging.internal import CallFailed

Record = dict[str, Any]
Pattern = list[Any]


def record_of(message: Record, queue_arn: str) -> Record:
    """A received message as an SQS event record, for pipes and functions alike."""
    attributes = message.get("MessageAttributes") or {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def _attribute(value: Record) -> Record:
    lists: Record = {"stringListValues": [], "binaryListValues": []}
    return {**{name[0].lower() + name[1:]: part for name, part in value.items()}, **lists}


def compiled(text: str) -> Pattern:
    """An event pattern ready to match. Raises ValueError with the reason if AWS refuses it."""
    alternatives, reason = ministack.service("eventbridge")._parse_pattern_text(text)
    if alternatives is None:
        raise ValueError(f"Invalid filter pattern: {reason}")
    return list(alternatives)


def selected(record: Record, patterns: Sequence[Pattern]) -> bool:
    """Whether one of the patterns matches, or there is none.

    A pattern on fields of the body needs a body that is JSON, a pattern on the body as text needs
    one that is not; a message of the other kind does not match.
    """
    if not patterns:
        return True
    matches = ministack.service("eventbridge")._matches_detail
    seen = {**record, "body": parsed(record["body"])}
    return any(matches(seen, alternative) for pattern in patterns for alternative in pattern)


def parsed(text: str) -> Any:
    """A text as the JSON object or array that it holds, else as it is."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def failed_items(answer: Any, records: Sequence[Record]) -> set[str]:
    """Message ids that an answer lists in `batchItemFailures`; nothing listed: none failed.

    Raises CallFailed if the list is malformed or names unknown messages: then all of them failed.
    """
    listed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not listed:
        return set()
    known = {record["messageId"] for record in records}
    found = {
        item.get("itemIdentifier") if isinstance(item, dict) else None
        for item in (listed if isinstance(listed, list) else [None])
    }
    if not found <= known:
        raise CallFailed("InvalidResponse", "batchItemFailures names messages not in the batch")
    return {str(item) for item in found}
