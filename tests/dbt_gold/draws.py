"""Drawing columns of made-up rows: words in turn at first, then at random."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tests.dbt_gold.lake import json_text

CYCLE = 64
"""So many postings walk through every word, list and absence; later ones draw from them."""

Draws = NDArray[np.int64]
Flags = NDArray[np.bool_]


def early(numbers: range) -> Flags:
    return np.arange(numbers.start, numbers.stop) < CYCLE


def picked(options: int, rng: np.random.Generator, numbers: Draws) -> Draws:
    """An option for each posting: in turn for the first ones, then at random."""
    return np.where(numbers < CYCLE, numbers % options, rng.integers(0, options, len(numbers)))


def drawn(words: Sequence[str | None], rng: np.random.Generator, numbers: range) -> pa.Array:
    return worded(words, picked(len(words), rng, np.arange(numbers.start, numbers.stop)))


def worded(words: Sequence[str | None], picks: Draws, missing: Flags | None = None) -> pa.Array:
    """A dictionary column; Parquet keeps it small and writes it fast."""
    absent = np.array([word is None for word in words])[picks]
    if missing is not None:
        absent = absent | missing
    indices = pa.array(picks.astype(np.int32), mask=absent)
    return pa.DictionaryArray.from_arrays(indices, pa.array([word or "" for word in words]))


def constant(text: str, count: int) -> pa.Array:
    return worded([text], np.zeros(count, np.int64))


@cache
def list_pool(words: Sequence[str | None]) -> pa.Array:
    """Lists to draw from: the empty one, each word alone, then combinations of up to five."""
    rng = np.random.default_rng(len(words))
    several = [
        [words[i] for i in rng.permutation(len(words))[: 2 + n % 4]] for n in range(CYCLE)
    ]  # fmt: skip
    lists = [[], *([word] for word in words), *several]
    return pa.array(lists[:CYCLE], pa.list_(pa.field("element", pa.string())))


@cache
def json_pool(words: Sequence[str | None]) -> pa.Array:
    return pa.array([json_text(values) for values in list_pool(words).to_pylist()], pa.string())
