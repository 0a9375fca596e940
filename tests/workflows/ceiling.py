"""A daily spend ceiling for a while: the stack `local` has none."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from tests.stack import Stack
from tests.workflows.definitions import redefined

NONE, SET = "'' = '' ? false : $spent >= $number('')", "$spent >= {usd}"


def ceiling(stack: Stack, usd: float) -> AbstractContextManager[None]:
    """Discovery knows a ceiling of so many USD."""
    return redefined(stack, "find_pending_partitions", NONE, SET.format(usd=usd))


def today(stack: Stack, days_ago: int = 0) -> str:
    """The date of the stack's clock, or of a day before it."""
    now = datetime.fromtimestamp(stack.aws.clock.now(), UTC)
    return (now - timedelta(days=days_ago)).strftime("%Y-%m-%d")


def spend(stack: Stack, usd: float, days_ago: int = 0) -> None:
    """Lets the calls of a day have cost so much, and those of other days nothing."""
    _update(stack, "slots", "test-model", "spent", {today(stack, days_ago): {"N": str(usd)}})


def lift(stack: Stack, days_ago: int = 0) -> None:
    """Lifts the ceiling for a day, and for no other."""
    _update(stack, "slots-control", "spend", "lifted", {today(stack, days_ago): {"S": "a test"}})


def forget(stack: Stack) -> None:
    """Takes back what was spent and lifted here."""
    for pk, sk in (("slots", "test-model"), ("slots-control", "spend")):
        stack.client("dynamodb").delete_item(
            TableName=_table(stack), Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )


def _update(stack: Stack, pk: str, sk: str, name: str, days: dict[str, dict[str, str]]) -> None:
    stack.client("dynamodb").update_item(
        TableName=_table(stack),
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="SET #name = :days",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":days": {"M": days}},
    )


def _table(stack: Stack) -> str:
    return str(stack.outputs["enrichment_slots_table"])
