"""`dej slots` and `dej spend` against the slots table of a stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.commands.conftest import Dej
from tests.stack import START, Stack

MODEL = "offline-rules-v1"
TABLE = "data-engineer-jobs-local-enrichment-slots"
DAY = START.date().isoformat()


@pytest.fixture(autouse=True)
def fresh(stack: Stack) -> None:
    """The model's item as deployment leaves it, and no lifted ceiling."""
    put(stack, MODEL, {"limit": {"N": "5"}})
    key = {"pk": {"S": "slots-control"}, "sk": {"S": "spend"}}
    stack.client("dynamodb").delete_item(TableName=TABLE, Key=key)


def put(stack: Stack, shard: str, attributes: dict[str, Any]) -> None:
    item = {"pk": {"S": "slots"}, "sk": {"S": shard}, **attributes}
    stack.client("dynamodb").put_item(TableName=TABLE, Item=item)


def limit_of(stack: Stack, shard: str) -> str:
    key = {"pk": {"S": "slots"}, "sk": {"S": shard}}
    item = stack.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
    return str(item["limit"]["N"])


def busy(failures: int = 0, trial_in: int = 0) -> dict[str, Any]:
    return {
        "limit": {"N": "5"},
        "owners": {"M": {"arn:b|pass1|2": {"S": "12:02"}, "arn:a|pass1|1": {"S": "12:01"}}},
        "failures": {"N": str(failures)},
        "trial_until": {"N": str(int(START.timestamp()) + trial_in)},
        "spent": {"M": {DAY: {"N": "0.75"}, "2026-02-28": {"N": "9"}}},
    }


def test_who_holds_slots(stack: Stack, dej: Dej) -> None:
    put(stack, MODEL, busy())

    assert dej("slots").out == (
        f"{MODEL}: 2 of 5 slots used, circuit closed, 0.7500 USD today\n"
        "  since 12:01  arn:a|pass1|1\n"
        "  since 12:02  arn:b|pass1|2\n"
    )


@pytest.mark.parametrize(
    ("failures", "trial_in", "shown"),
    [
        (4, 3600, "closed"),
        (5, -1, "open, the next call is its trial"),
    ],
)
def test_the_circuit(stack: Stack, dej: Dej, failures: int, trial_in: int, shown: str) -> None:
    put(stack, MODEL, busy(failures, trial_in))

    (record,) = dej("--json", "slots").records
    assert record["circuit"] == shown


def test_an_open_circuit_says_for_how_long(stack: Stack, dej: Dej) -> None:
    seconds = round(stack.aws.clock.now() - START.timestamp()) + 50
    put(stack, MODEL, busy(5, seconds))

    (record,) = dej("--json", "slots").records
    assert record["circuit"] in ("open for 49 s", "open for 50 s", "open for 51 s")


def test_an_item_that_no_granter_has_touched(dej: Dej) -> None:
    assert dej("slots").out.startswith(f"{MODEL}: 0 of 5 slots used, circuit closed, 0.0000 USD")


def test_a_limit_counts_at_once(stack: Stack, dej: Dej) -> None:
    put(stack, MODEL, busy())

    ended = dej("slots", "limit", MODEL, "2")

    assert (ended.code, ended.out) == (0, f"{MODEL}: 5 -> 2 slots\n")
    assert "pulumi config set" in ended.err
    assert limit_of(stack, MODEL) == "2"
    # AND who holds a slot keeps it
    assert dej("--json", "slots").records[0]["used"] == 2


def test_a_limit_is_spread_over_shards(stack: Stack, dej: Dej) -> None:
    for shard in ("big#0", "big#1", "big#2"):
        put(stack, shard, {"limit": {"N": "50"}})

    dej("slots", "limit", "big", "100")

    limits = [limit_of(stack, f"big#{number}") for number in range(3)]
    assert sorted(limits) == ["33", "33", "34"]
    shown = {record["model"]: record["limit"] for record in dej("--json", "slots").records}
    assert shown == {MODEL: 5, "big": 100}
    for number in range(3):
        key = {"pk": {"S": "slots"}, "sk": {"S": f"big#{number}"}}
        stack.client("dynamodb").delete_item(TableName=TABLE, Key=key)


@pytest.mark.parametrize(
    ("model", "limit", "sentence"),
    [
        ("nobody", "3", "error: nobody has no slots in stack local.\n"),
        (MODEL, "101", f"error: {MODEL} holds at most 100 slots as it is deployed.\n"),
    ],
)
def test_limits_that_cannot_be(
    stack: Stack, dej: Dej, model: str, limit: str, sentence: str
) -> None:
    ended = dej("slots", "limit", model, limit)

    assert ended.code == 2
    assert ended.err.startswith(sentence)
    assert limit_of(stack, MODEL) == "5"


def test_todays_spending(stack: Stack, dej: Dej) -> None:
    put(stack, MODEL, busy())

    assert dej("spend").out == (
        f"    0.7500 USD  {MODEL}\n"
        f"    0.7500 USD  on {DAY}, no ceiling is set (enrichment.daily_spend_ceiling_usd)\n"
    )


def test_the_ceiling_is_lifted_for_the_day_alone(stack: Stack, dej: Dej) -> None:
    first, second = dej("--json", "spend", "lift"), dej("--json", "spend", "lift")

    assert (first.code, second.code) == (0, 0)
    key = {"pk": {"S": "slots-control"}, "sk": {"S": "spend"}}
    item = stack.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
    assert list(item["lifted"]["M"]) == [DAY]
    (by,) = [value["S"] for value in item["lifted"]["M"].values()]
    assert by == second.records[0]["lifted_by"]
    assert dej("--json", "spend").records[-1]["lifted_by"] == by
