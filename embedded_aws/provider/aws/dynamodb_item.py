"""Single DynamoDB items: the attributes that the program names, beside others that it does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import json_text, string
from embedded_aws.provider.resource import (
    Checked,
    CheckFailure,
    Diff,
    Handler,
    Place,
    PropertyChange,
    Values,
)
from embedded_aws.provider.schema import schema

Key = dict[str, dict[str, str]]


class TableItem(Handler):
    """An item of which the program owns the attributes in `item`, as AWS's provider has it.

    Others write further attributes: they are no drift and survive every update. An attribute that
    the program stops naming stays in the table as well.
    """

    schema = schema(
        "aws:dynamodb/tableItem:TableItem",
        "{tableName}|{hashKey}|S|{uuid}|{rangeKey}|S|{uuid}",
        {
            "tableName": string(required=True, create_only=True),
            "hashKey": string(required=True, create_only=True),
            "rangeKey": string(create_only=True),
            "item": json_text(required=True),
        },
        generated_id=True,
        unsupported="hashKeyValue rangeKeyValue",
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: the item has its keys, and every attribute its type."""
        checked = super().check(inputs, place)
        item = _parsed(checked.inputs.get("item"))
        if item is not None:
            checked.failures.extend(_problems(checked.inputs, item))
        return checked

    def diff(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        """Beyond the schema: an item with another key is another item."""
        found = super().diff(old, new)
        known = isinstance(old.get("item"), str) and isinstance(new.get("item"), str)
        if not found or found.replaces or not known or _key(old) == _key(new):
            return found
        return Diff((PropertyChange("item", replaces=True),))

    def drift(self, live: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        """Only of the attributes that the program names."""
        wanted, found = json.loads(new["item"]), json.loads(live["item"])
        named = {name: value for name, value in found.items() if name in wanted}
        return super().drift({**live, "item": json.dumps(named)}, new)

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("dynamodb").put_item(
            TableName=inputs["tableName"],
            Item=json.loads(inputs["item"]),
            ConditionExpression="attribute_not_exists(#hash)",
            ExpressionAttributeNames={"#hash": inputs["hashKey"]},
        )
        parts = [inputs["tableName"]]
        for name, value in _key(inputs).items():
            parts += [name, *(text for pair in value.items() for text in pair)]
        return "|".join(parts)

    def read(self, aws: Clients, id: str) -> Values | None:
        table, key = _of_id(id)
        if table is None:
            return None
        found = or_none(lambda: aws("dynamodb").get_item(TableName=table, Key=key))
        if found is None or "Item" not in found:
            return None
        names = dict(zip(("hashKey", "rangeKey"), key, strict=False))
        return {"tableName": table, **names, "item": json.dumps(found["Item"])}

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        table, key = _of_id(id)
        attributes = [pair for pair in json.loads(new["item"]).items() if pair[0] not in key]
        if not attributes:
            return
        aws("dynamodb").update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in range(len(attributes))),
            ExpressionAttributeNames={f"#{n}": name for n, (name, _) in enumerate(attributes)},
            ExpressionAttributeValues={f":{n}": value for n, (_, value) in enumerate(attributes)},
        )

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        table, key = _of_id(id)
        if table is not None:
            ignore_missing(lambda: aws("dynamodb").delete_item(TableName=table, Key=key))


def _parsed(text: Any) -> dict[str, Any] | None:
    if not isinstance(text, str):
        return None
    try:
        item = json.loads(text)
    except ValueError:
        return None  # the schema has refused it
    return item if isinstance(item, dict) else {}


def _problems(inputs: Values, item: dict[str, Any]) -> list[CheckFailure]:
    keys = [inputs[name] for name in ("hashKey", "rangeKey") if inputs.get(name)]
    missing = [f"has no {name}, which is a key" for name in keys if name not in item]
    untyped = [
        f'{name} must be an object such as {{"S": "text"}}'
        for name, value in item.items()
        if not (isinstance(value, dict) and len(value) == 1)
    ]
    return [CheckFailure("item", problem) for problem in missing + untyped]


def _key(inputs: Mapping[str, Any]) -> Key:
    item = json.loads(inputs["item"])
    names = [inputs[name] for name in ("hashKey", "rangeKey") if inputs.get(name)]
    return {name: item[name] for name in names}


def _of_id(id: str) -> tuple[str | None, Key]:
    """Table and key of an id: table|name|type|value, and the same three for a range key."""
    table, *parts = id.split("|")
    if len(parts) not in (3, 6):
        return None, {}
    triples = [parts[start : start + 3] for start in range(0, len(parts), 3)]
    return table, {name: {kind: value} for name, kind, value in triples}
