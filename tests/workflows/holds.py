"""Slots and claims in the hands of an execution of choice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from common.postings import Posting
from tests.queue_stack import SLOTS_TABLE, settle
from tests.stack import Hour, Stack
from tests.workflows.error_cases import UPDATE, body

MODEL = "offline-rules-v1"
# As the granter does before its first grant; an item with owners alone would never be granted.
PREPARE = "SET " + ", ".join(
    f"{name} = if_not_exists({name}, :{empty})"
    for name, empty in (
        ("owners", "none"),
        ("spent", "none"),
        ("failures", "zero"),
        ("trial_until", "zero"),
    )
)


def forgotten(stack: Stack, name: str = "long-gone") -> str:
    """The ARN of an execution of enrich_posting that AWS does not know any more."""
    machine = str(stack.outputs["enrich_posting_arn"])
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def dead(stack: Stack, request: Any) -> str:
    """The ARN of an execution of enrich_posting that failed; its event has been handled."""
    stack.aws.faults.fail(UPDATE, "ValidationException", matches=body(b"ADD claims"))
    return _failed(stack, request)


def dead_unreadable(stack: Stack, text: str) -> str:
    """The same with a message that is not JSON, and could not become a dead letter."""
    refused = body(b"The message is not JSON")
    stack.aws.faults.fail("sqs:SendMessage", "AccessDenied", 403, times=6, matches=refused)
    return _failed(stack, [{"messageId": "m", "body": text}])


def _failed(stack: Stack, request: Any) -> str:
    run = stack.run("enrich_posting", request)
    assert run.status == "FAILED"
    settle(stack)
    return run.arn


def claim_posting(stack: Stack, posting: Posting, owner: str, **attributes: Any) -> None:
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"posting#{posting.job_posting_id}"},
            "sk": {"S": posting.content_hash},
            "overallStatus": {"S": "IN_PROGRESS"},
            "updatedAt": {"S": now(stack)},
            "owner": {"S": owner},
            "execution": {"S": owner},
            "lease": {"N": "9999999999"},
            "retryCount": {"N": "0"},
            **attributes,
        },
    )


def claim_partition(stack: Stack, hour: Hour, owner: str) -> None:
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"partition#{hour.path[:10]}"},
            "sk": {"S": hour.path[11:]},
            "overallStatus": {"S": "PARTITION_IN_PROGRESS"},
            "updatedAt": {"S": now(stack)},
            "owner": {"S": owner},
            "lease": {"N": "9999999999"},
            "attempts": {"N": "1"},
        },
    )


def hold_slot(stack: Stack, call: str) -> None:
    _update_slots(stack, PREPARE, values={":none": {"M": {}}, ":zero": {"N": "0"}})
    update = "SET owners.#call = :now"
    _update_slots(stack, update, names={"#call": call}, values={":now": {"S": now(stack)}})


def release(stack: Stack, call: str) -> None:
    _update_slots(stack, "REMOVE owners.#call", names={"#call": call})


def now(stack: Stack) -> str:
    return datetime.fromtimestamp(stack.aws.clock.now(), UTC).isoformat()


def _update_slots(
    stack: Stack,
    update: str,
    names: dict[str, str] | None = None,
    values: dict[str, Any] | None = None,
) -> None:
    given = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    stack.client("dynamodb").update_item(
        TableName=SLOTS_TABLE,
        Key={"pk": {"S": "slots"}, "sk": {"S": MODEL}},
        UpdateExpression=update,
        **{name: value for name, value in given.items() if value},
    )
