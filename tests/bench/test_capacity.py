"""Request units of DynamoDB, by its published rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.server import running
from tests.bench.capacity import read_units, size_of, write_units
from tests.taps import Answered, Call, calls_watched

TABLE = "a-enrichment-status"
KEYS = {"pk": "HASH", "sk": "RANGE"}


class Units(list[float]):
    """Units of each call from here on."""

    def observe(self, call: Call) -> Answered:
        written = write_units(call)

        def answered(status: int, body: bytes) -> None:
            self.append(read_units(call, body) if written is None else written(status, body))

        return answered


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with running() as aws:
        client = _client(aws.endpoint)
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in KEYS.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def _client(endpoint: Endpoint) -> Any:
    return endpoint.client("dynamodb")


@pytest.fixture
def units() -> Iterator[Units]:
    found = Units()
    with calls_watched(("dynamodb",), found.observe):
        yield found


def item(sk: str, size: int, **attributes: str) -> dict[str, Any]:
    """An item of exactly `size` bytes."""
    texts = {"pk": "one", "sk": sk, **attributes}
    texts["text"] = "x" * (size - len("text") - sum(len(k) + len(v) for k, v in texts.items()))
    return {name: {"S": text} for name, text in texts.items()}


def test_sizes() -> None:
    assert size_of({}) == 0
    assert size_of({"a": {"S": "äb"}, "n": {"N": "-12345"}}) == 1 + 3 + 1 + 4
    assert size_of({"m": {"M": {"k": {"S": "v"}}}}) == 1 + 3 + 1 + 1 + 1
    assert size_of(item("1", 1024)) == 1024


@pytest.mark.parametrize(("size", "expected"), [(1024, 1), (1025, 2), (3000, 3)])
def test_a_write_costs_its_kilobytes(dynamodb: Any, units: Units, size: int, expected: int) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item(f"w{size}", size))

    assert units == [expected]


def test_a_refused_write_costs_the_item_it_met(dynamodb: Any, units: Units) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item("r", 2500))
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.update_item(
            TableName=TABLE,
            Key={"pk": {"S": "one"}, "sk": {"S": "r"}},
            UpdateExpression="SET a = pk",
            ConditionExpression="attribute_not_exists(pk)",
        )

    assert units == [3, 3]


def test_a_new_index_key_is_a_delete_and_a_put(dynamodb: Any, units: Units) -> None:
    for at in ("1", "2", "2"):
        dynamodb.put_item(TableName=TABLE, Item=item("i", 900, overallStatus="A", updatedAt=at))

    assert units == [1 + 1, 1 + 2, 1]


def test_a_transaction_costs_twice(dynamodb: Any, units: Units) -> None:
    puts = [{"Put": {"TableName": TABLE, "Item": item(f"t{n}", 1500)}} for n in range(2)]
    dynamodb.transact_write_items(TransactItems=puts)

    assert units == [2 * (2 + 2)]


def test_reads_cost_half_unless_they_are_consistent(dynamodb: Any, units: Units) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item("g", 5000))
    key = {"pk": {"S": "one"}, "sk": {"S": "g"}}
    for strong in (False, True):
        dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=strong)

    assert units[1:] == [1, 2]


def test_a_query_reads_all_items_of_its_key(dynamodb: Any, units: Units) -> None:
    dynamodb.put_item(TableName=TABLE, Item=item("q", 6000, pk="two"))
    dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ProjectionExpression="pk",
        ExpressionAttributeValues={":pk": {"S": "two"}},
    )

    assert units[1:] == [1]
