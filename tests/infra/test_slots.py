"""The table of slots and what the deployment writes into it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.lint.program import Stack
from infra.platform import ROOT
from infra.settings import EnrichmentSettings, load
from infra.slots import LARGEST_SHARD, shard_count, shards


def settings(**values: Any) -> EnrichmentSettings:
    required = {"max_concurrent_postings": 5, "model_timeout_seconds": 180, "slots_per_model": 5}
    return EnrichmentSettings.model_validate({**required, **values})


def test_the_table_is_billed_on_demand_encrypted_and_restorable(stack: Stack) -> None:
    table = stack.inputs("Table", "enrichment-slots")

    assert table["name"] == f"data-engineer-jobs-{stack.name}-enrichment-slots"
    assert (table["hashKey"], table["rangeKey"]) == ("pk", "sk")
    assert table["billingMode"] == "PAY_PER_REQUEST"
    assert table["serverSideEncryption"] == {"enabled": True}
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["deletionProtectionEnabled"] == (stack.name in ("staging", "prod"))


def test_a_model_has_an_item_with_its_limit_and_nothing_else(stack: Stack) -> None:
    chosen = load(ROOT, stack.name).enrichment
    (model,) = set(chosen.models.values())
    item = stack.inputs("TableItem", f"slots-{model}")

    assert json.loads(item["item"]) == {
        "pk": {"S": "slots"},
        "sk": {"S": model},
        "limit": {"N": str(chosen.slots_per_model)},
    }


def test_a_limit_of_its_own_wins() -> None:
    models = {"pass1": "small-model", "pass2": "large-model", "pass3": "large-model"}

    assert shards(settings(models=models, slot_limits={"large-model": 2})) == {
        "large-model": 2,
        "small-model": 5,
    }


@pytest.mark.parametrize(("limit", "count"), [(0, 1), (100, 1), (101, 2), (200, 2), (1000, 10)])
def test_a_model_with_many_slots_has_several_items(limit: int, count: int) -> None:
    chosen = settings(models={"pass1": "m"}, slots_per_model=limit)

    assert shard_count(chosen, "m") == count
    names = ["m"] if count == 1 else [f"m#{number}" for number in range(count)]
    assert list(shards(chosen)) == names


@given(st.integers(0, 1000))
def test_the_items_of_a_model_add_up_to_its_limit(limit: int) -> None:
    found = shards(settings(models={"pass1": "m"}, slots_per_model=limit))

    assert sum(found.values()) == limit
    assert max(found.values()) <= LARGEST_SHARD
