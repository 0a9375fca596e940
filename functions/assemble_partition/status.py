"""The status items of postings: what each pass came to."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

PASSES = ("pass1", "pass2", "pass3")

Key = tuple[str, str]  # (job posting id, content hash)

_BATCH = 100  # BatchGetItem's limit
_WAITS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)  # seconds before a throttled table is asked again
_ATTRIBUTES = ("pk", "sk", "overallStatus", "run", "lease", "passes")
_PREFIX = "posting#"


class StatusUnavailable(Exception):
    """The table left keys unprocessed after every attempt; the call may be repeated."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One entry of the item's `passes`.

    Tokens and cost (USD) are those of all attempts, `earlier_*` the part of them that an earlier
    run paid; `attempts` are those of `run`.
    """

    completed: bool = False
    bronze_key: str | None = None
    model: str | None = None
    error: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    earlier_tokens: int = 0
    earlier_cost_usd: float = 0.0
    attempts: int = 0
    cached: bool = False
    run: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A posting's item; `lease` in epoch seconds. A skipped pass has no entry."""

    overall: str
    run: str | None = None
    lease: float | None = None
    passes: dict[str, Pass] = field(default_factory=dict)

    @property
    def interrupted(self) -> bool:
        """Whether its claim has not ended in a result."""
        return self.overall not in ("COMPLETED", "FAILED", "PERMANENTLY_FAILED")

    def unsettled(self, run: str, now: float) -> bool:
        """Whether it waits for a slot or in the queue, or a run other than `run` is at work on it.

        A posting that `run` lost while it worked on it is settled: its row says so.
        """
        live = self.lease is not None and self.lease >= now
        held = self.overall == "IN_PROGRESS" and self.run != run and live
        return held or self.overall == "PENDING"


def read_statuses(dynamodb: Any, table: str, keys: Collection[Key]) -> dict[Key, Status]:
    """The items that exist among `keys` (distinct). Raises what DynamoDB raises."""
    found: dict[Key, Status] = {}
    ordered = list(keys)
    for start in range(0, len(ordered), _BATCH):
        for item in _items(dynamodb, table, ordered[start : start + _BATCH]):
            found[item["pk"].removeprefix(_PREFIX), item["sk"]] = _status(item)
    return found


def _items(dynamodb: Any, table: str, keys: Sequence[Key]) -> Iterator[dict[str, Any]]:
    names = {f"#{index}": name for index, name in enumerate(_ATTRIBUTES)}
    request: dict[str, Any] = {
        "Keys": [
            {"pk": {"S": _PREFIX + identity}, "sk": {"S": digest}} for identity, digest in keys
        ],
        "ConsistentRead": True,
        "ProjectionExpression": ", ".join(names),
        "ExpressionAttributeNames": names,
    }
    plain = TypeDeserializer()
    requests = {table: request}
    for wait in _WAITS:
        time.sleep(wait)
        answer = dynamodb.batch_get_item(RequestItems=requests)
        for item in answer["Responses"].get(table, ()):
            yield {name: plain.deserialize(value) for name, value in item.items()}
        requests = answer.get("UnprocessedKeys")
        if not requests:
            return
    raise StatusUnavailable(f"{table} is throttled: run the partition again later")


def _status(item: dict[str, Any]) -> Status:
    lease = item.get("lease")
    return Status(
        overall=str(item.get("overallStatus")),
        run=item.get("run"),
        lease=None if lease is None else float(lease),
        passes={name: _pass(entry) for name, entry in (item.get("passes") or {}).items()},
    )


def _pass(entry: dict[str, Any]) -> Pass:
    cost = entry.get("cost_usd")
    return Pass(
        completed=entry.get("status") == "COMPLETED",
        bronze_key=entry.get("bronze_key"),
        model=entry.get("model"),
        error=entry.get("error"),
        input_tokens=int(entry.get("input_tokens") or 0),
        output_tokens=int(entry.get("output_tokens") or 0),
        cost_usd=None if cost is None else float(cost),
        earlier_tokens=int(entry.get("earlier_tokens") or 0),
        earlier_cost_usd=float(entry.get("earlier_cost_usd") or 0.0),
        attempts=int(entry.get("attempts") or 0),
        cached=bool(entry.get("cached")),
        run=entry.get("run"),
        at=entry.get("at"),
    )
