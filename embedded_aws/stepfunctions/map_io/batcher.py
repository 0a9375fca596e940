"""Batches of items as the input of one child execution."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import StatesError

INPUT_LIMIT = 262_144  # bytes of one child's input


def batches(
    items: Iterable[Any],
    max_items: int | None = None,
    max_bytes: int | None = None,
    batch_input: Any = None,
) -> Iterator[dict[str, Any]]:
    """`{"BatchInput": ..., "Items": [...]}` of at most so many items and bytes of JSON.

    BatchInput is absent where it is None. Raises States.DataLimitExceeded for an item that fits
    into no batch.
    """
    base: dict[str, Any] = {} if batch_input is None else {"BatchInput": batch_input}
    limit = min(max_bytes or INPUT_LIMIT, INPUT_LIMIT)
    empty = _size({**base, "Items": []})
    batch: list[Any] = []
    size = empty
    for item in items:
        added = _size(item)
        if empty + added > limit:
            raise StatesError(
                "States.DataLimitExceeded",
                f"An item of {added} bytes does not fit into a batch of {limit} bytes",
            )
        comma = 1 if batch else 0
        if batch and (len(batch) == max_items or size + comma + added > limit):
            yield {**base, "Items": batch}
            batch, size, comma = [], empty, 0
        batch.append(item)
        size += comma + added
    if batch:
        yield {**base, "Items": batch}


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
