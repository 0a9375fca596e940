"""What a call costs DynamoDB in request units, from the sizes of the items that it meets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from embedded_aws.dataplane import ministack
from tests.taps import Call

Item = dict[str, Any]
Key = tuple[str, str, str]
"""Table, partition key, sort key."""

WRITES = ("UpdateItem", "PutItem", "DeleteItem")
WRITE_BYTES, READ_BYTES = 1024, 4096


def size_of(item: Item) -> int:
    """Bytes of an item by DynamoDB's rules; 0 for none."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Item) -> int:
    ((kind, inner),) = value.items()
    if kind == "S":
        return len(inner.encode())
    if kind == "N":
        return math.ceil(len(inner.strip("-0.")) / 2) + 1
    if kind == "M":
        return 3 + sum(len(name.encode()) + 1 + _size(member) for name, member in inner.items())
    if kind == "L":
        return 3 + sum(1 + _size(member) for member in inner)
    return 1


def write_units(call: Call) -> Callable[[int, bytes], float] | None:
    """Of a write: what its answer makes of it. A failed condition costs the item it met."""
    keys = list(_written_keys(call))
    if not keys:
        return None
    before = [stored(key) for key in keys]

    def answered(status: int, body: bytes) -> float:
        pairs = [(old, stored(key), key[0]) for old, key in zip(before, keys, strict=True)]
        units = sum(_units(old, new) + _index_units(old, new, table) for old, new, table in pairs)
        return units * (2 if call.operation == "TransactWriteItems" else 1)

    return answered


def read_units(call: Call, body: bytes) -> float:
    """Of a read, from its answer."""
    request, answer = call.request, json.loads(body or b"{}")
    if call.operation == "BatchGetItem":
        tables = answer.get("Responses", {}).values()
        return sum(_reads(size_of(item), strong=True) for items in tables for item in items)
    strong = bool(request.get("ConsistentRead"))
    if call.operation == "GetItem":
        return _reads(size_of(answer.get("Item", {})), strong)
    if call.operation == "Query" and "IndexName" not in request:
        return _reads(sum(map(size_of, _partition(request))), strong)
    return _reads(sum(map(size_of, answer.get("Items", []))), strong)


def stored(key: Key) -> Item:
    """A copy of an item as it lies in the data plane, {} for none."""
    table, pk, sk = key
    with ministack.request_scope():
        found = ministack.service("dynamodb")._tables[table]["items"].get(pk, {}).get(sk)
    return dict(found or {})


def _partition(request: Item) -> list[Item]:
    """All items of the partition that a query reads, also where it asks for few attributes."""
    values = [value["S"] for value in request["ExpressionAttributeValues"].values() if "S" in value]
    with ministack.request_scope():
        items = ministack.service("dynamodb")._tables[request["TableName"]]["items"]
    return [item for value in values for item in items.get(value, {}).values()]


def _written_keys(call: Call) -> Iterator[Key]:
    request = call.request
    if call.operation in WRITES:
        yield _key(request)
    elif call.operation == "TransactWriteItems":
        for member in request["TransactItems"]:
            yield _key(next(iter(member.values())))


def _key(request: Item) -> Key:
    key = request.get("Key") or request["Item"]
    return request["TableName"], key["pk"]["S"], key["sk"]["S"]


def _units(old: Item, new: Item) -> float:
    return max(1, math.ceil(max(size_of(old), size_of(new)) / WRITE_BYTES))


def _index_units(old: Item, new: Item, table: str) -> float:
    """A changed index key is a delete and a put; the status index projects everything."""
    if old == new or not table.endswith("-enrichment-status"):
        return 0
    keys = [tuple(json.dumps(i.get(n)) for n in ("overallStatus", "updatedAt")) for i in (old, new)]
    present = [item for item in (old, new) if "overallStatus" in item and "updatedAt" in item]
    sizes = [max(1, math.ceil(size_of(item) / WRITE_BYTES)) for item in present]
    if len(sizes) == 2 and keys[0] == keys[1]:
        return max(sizes)
    return sum(sizes)


def _reads(size: int, strong: bool) -> float:
    return max(1, math.ceil(size / READ_BYTES)) * (1.0 if strong else 0.5)
