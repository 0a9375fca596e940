"""The slots of models and the day's spending, as the slots table has them.

An item per model (above 100 slots per shard `model#n`) holds `limit`, `owners` {call: since},
`failures`, `trial_until` (epoch seconds) and `spent` {date: USD}; what a granter has not written
yet is absent. The item `slots-control`/`spend` holds `lifted` {date: by whom}.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.stack import Stack

TABLE = "enrichment-slots"
KEY = "slots"
GRANTING_PIPE = "slot-requests"
SPEND = {"pk": {"S": "slots-control"}, "sk": {"S": "spend"}}
FAILURES_THAT_OPEN = 5
LARGEST_SHARD = 100  # as infra/slots.py spreads them; each owner is an entry of its shard's item


@dataclass
class Model:
    """The slots of one model over all of its shards; `limits` by shard key."""

    model: str
    limits: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    circuit: str = "closed"
    spent: dict[str, float] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        return sum(self.limits.values())

    def add(self, item: dict[str, Any], now: datetime) -> None:
        """Takes in one shard. An open circuit of one shard is what is shown of all."""
        self.limits[item["sk"]] = item["limit"]
        self.owners |= item.get("owners", {})
        if item.get("failures", 0) >= FAILURES_THAT_OPEN:
            self.circuit = _circuit(item.get("trial_until", 0), now)
        for day, usd in item.get("spent", {}).items():
            self.spent[day] = self.spent.get(day, 0.0) + usd


def _circuit(trial_until: float, now: datetime) -> str:
    seconds = round(trial_until - now.timestamp())
    return f"open for {seconds} s" if seconds > 0 else "open, the next call is its trial"


def read_models(stack: Stack) -> list[Model]:
    """Every model that has slots, by name."""
    now, found = stack.now(), dict[str, Model]()
    for item in _items(stack):
        name = item["sk"].partition("#")[0]
        found.setdefault(name, Model(name)).add(item, now)
    return [found[name] for name in sorted(found)]


def spent_today(models: Iterable[Model], day: str) -> float:
    """USD of all models on a day (2026-01-31)."""
    return sum(model.spent.get(day, 0.0) for model in models)


def lifted(stack: Stack, day: str) -> str | None:
    """Who lifted the day's ceiling and when; None if nobody did."""
    answer = stack.client("dynamodb").get_item(
        TableName=stack.thing(TABLE), Key=SPEND, ConsistentRead=True
    )
    by = answer.get("Item", {}).get("lifted", {}).get("M", {}).get(day)
    return str(by["S"]) if by else None


def lift(stack: Stack, day: str) -> str:
    """Lifts the day's ceiling; returns what is recorded of it."""
    table = {"TableName": stack.thing(TABLE), "Key": SPEND}
    client = stack.client("dynamodb")
    # A map that is not there has no entries to set: first the map, then the entry.
    client.update_item(
        **table,
        UpdateExpression="SET lifted = if_not_exists(lifted, :none)",
        ExpressionAttributeValues={":none": {"M": {}}},
    )
    by = f"{getpass.getuser()} at {stack.now().isoformat(timespec='seconds')}"
    client.update_item(
        **table,
        UpdateExpression="SET lifted.#day = :by",
        ExpressionAttributeNames={"#day": day},
        ExpressionAttributeValues={":by": {"S": by}},
    )
    return by


def set_limit(stack: Stack, model: str, limit: int) -> int:
    """Sets a model's limit at once, spread over its shards; returns the limit before.

    Calls above the new limit end first. Raises CommandError for a model that has no slots, and
    for more slots than its shards may hold.
    """
    known = {found.model: found for found in read_models(stack)}
    if model not in known:
        raise CommandError(
            Diagnostic(
                f"{model} has no slots in stack {stack.name}.",
                ExitCode.USAGE,
                note=f"models with slots: {', '.join(known) or 'none'}",
            )
        )
    shards = sorted(known[model].limits)
    if limit > LARGEST_SHARD * len(shards):
        raise CommandError(
            Diagnostic(
                f"{model} holds at most {LARGEST_SHARD * len(shards)} slots as it is deployed.",
                ExitCode.USAGE,
                note=f"more need a deployment with enrichment.slot_limits {limit}",
            )
        )
    for number, shard in enumerate(shards):
        _set_shard(stack, shard, (limit + number) // len(shards))
    return known[model].limit


def _set_shard(stack: Stack, shard: str, limit: int) -> None:
    try:
        stack.client("dynamodb").update_item(
            TableName=stack.thing(TABLE),
            Key={"pk": {"S": KEY}, "sk": {"S": shard}},
            UpdateExpression="SET #limit = :limit",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#limit": "limit"},
            ExpressionAttributeValues={":limit": {"N": str(limit)}},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise CommandError(
            Diagnostic(f"The slots {shard} were removed meanwhile.", hint="dej slots")
        ) from error


def _items(stack: Stack) -> Iterable[dict[str, Any]]:
    return stack.query(
        TABLE,
        KeyConditionExpression="pk = :slots",
        ExpressionAttributeValues={":slots": {"S": KEY}},
        ConsistentRead=True,
    )
