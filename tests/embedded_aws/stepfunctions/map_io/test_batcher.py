"""Batches: order and items conserved, limits kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.map_io import batches


def size(batch: dict[str, Any]) -> int:
    return len(json.dumps(batch, ensure_ascii=False, separators=(",", ":")).encode())


def test_batches_by_count_with_input() -> None:
    assert list(batches([1, 2, 3], 2, None, {"run": "r"})) == [
        {"BatchInput": {"run": "r"}, "Items": [1, 2]},
        {"BatchInput": {"run": "r"}, "Items": [3]},
    ]


def test_without_batch_input_the_field_is_absent() -> None:
    assert list(batches(["a"], 5)) == [{"Items": ["a"]}]


def test_no_items_give_no_batch() -> None:
    assert list(batches([], 5)) == []


def test_bytes_count_the_whole_input_exactly() -> None:
    whole = size({"Items": ["é", "é"]})

    assert len(list(batches(["é", "é"], None, whole))) == 1
    assert len(list(batches(["é", "é"], None, whole - 1))) == 2


def test_without_limits_a_batch_still_fits_a_child() -> None:
    found = list(batches(["x" * 100_000] * 5))

    assert [len(batch["Items"]) for batch in found] == [2, 2, 1]


def test_an_item_that_fits_nowhere_fails() -> None:
    with pytest.raises(StatesError, match="An item of 22 bytes") as raised:
        list(batches(["x" * 20], None, 30))

    assert raised.value.name == "States.DataLimitExceeded"


@given(
    st.lists(st.text(max_size=20) | st.integers() | st.lists(st.booleans(), max_size=5)),
    st.none() | st.integers(1, 5),
    st.none() | st.integers(200, 400),
    st.none() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
)
def test_every_item_is_in_one_batch_in_order(
    items: list[Any], count: int | None, limit: int | None, extra: dict[str, int] | None
) -> None:
    found = list(batches(items, count, limit, extra))

    assert [item for batch in found for item in batch["Items"]] == items
    assert all(batch.get("BatchInput") == extra for batch in found)
    assert all(size(batch) <= (limit or 262_144) for batch in found)
    assert all(1 <= len(batch["Items"]) <= (count or len(items)) for batch in found)
