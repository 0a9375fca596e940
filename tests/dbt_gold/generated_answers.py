"""Silver-AI of made-up postings: what enrichment could have answered."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from common import contract
from common.contract import Column
from tests.dbt_gold.draws import (
    Draws,
    Flags,
    constant,
    early,
    json_pool,
    list_pool,
    picked,
    worded,
)
from tests.dbt_gold.words import CATALOGUE, leaf

ENRICHED, HALF_FAILED, FAILED = 0.9, 0.925, 0.95  # shares, cumulated; the rest has no row


def enriched_table(
    rng: np.random.Generator, hour: datetime, numbers: range, silver: pa.Table, skills: Draws
) -> pa.Table:
    """Silver-AI rows of those postings that enrichment has seen."""
    luck = np.where(early(numbers), 0.0, rng.random(len(numbers)))
    seen = np.flatnonzero(luck < FAILED)
    luck, silver, skills = luck[seen], silver.take(pa.array(seen)), skills[seen]
    numbers_seen = np.arange(numbers.start, numbers.stop)[seen]
    first, all_passes = luck < HALF_FAILED, luck < ENRICHED
    columns = {name: silver[name] for name in silver.column_names}
    for column in contract.columns_from("extraction", "inference", "analysis", "summary"):
        missing = ~(first if column.root == "extraction" else all_passes)
        columns[column.name] = _answer(column, rng, numbers_seen, missing, columns)
    columns |= _pay(rng, ~first)
    for column in contract.columns_from("json"):
        if column.name not in columns:  # Silver's own lists
            columns[column.name] = json_pool(CATALOGUE).take(pa.array(skills))
    columns |= _metadata(rng, hour, first, all_passes)
    return pa.table({name: columns[name] for name in contract.arrow_schema().names})


def _pay(rng: np.random.Generator, missing: Flags) -> dict[str, Any]:
    """Pay stated in the text: none, yearly (some in thousands), monthly, hourly; day rates.

    Hourly pay stands in salary_* and hourly_rate_* alike, as enrichment leaves it.
    """
    count = len(missing)
    kind = rng.choice(4, count, p=[0.6, 0.25, 0.05, 0.1])  # none, yearly, monthly, hourly
    thousands = rng.random(count) < 0.2
    low = np.select(
        [kind == 1, kind == 2],
        [rng.integers(60, 220, count) * np.where(thousands, 1.0, 1_000.0),
         rng.integers(4, 18, count) * 1_000.0],
        rng.integers(30, 120, count),
    )  # fmt: skip
    high = np.round(low * (1 + rng.random(count) / 2), 0)
    currency = rng.choice(5, count, p=[0.7, 0.1, 0.1, 0.05, 0.05])
    codes = ["USD", "EUR", "GBP", "INR", None]
    none, not_hourly = missing | (kind == 0), missing | (kind != 3)
    daily = missing | (rng.random(count) > 0.05)
    day_low = rng.integers(300, 900, count).astype(float)
    years = rng.integers(0, 12, count).astype(float)
    return {
        "ext_salary_disclosed": pa.array(kind > 0, mask=missing),
        "ext_salary_min": pa.array(low, mask=none),
        "ext_salary_max": pa.array(high, mask=none | (rng.random(count) < 0.1)),
        "ext_salary_currency": worded(codes, currency, none),
        "ext_salary_period": worded(["yearly", "monthly", "hourly"], np.maximum(kind - 1, 0), none),
        "ext_hourly_rate_min": pa.array(low, mask=not_hourly),
        "ext_hourly_rate_max": pa.array(high, mask=not_hourly),
        "ext_hourly_rate_currency": worded(codes, currency, not_hourly),
        "ext_daily_rate_min": pa.array(day_low, mask=daily),
        "ext_daily_rate_max": pa.array(day_low + 100, mask=daily),
        "ext_daily_rate_currency": worded(codes, currency, daily),
        "ext_years_experience_min": pa.array(years, mask=missing | (rng.random(count) < 0.2)),
        "ext_years_experience_max": pa.array(years + 3, mask=missing | (rng.random(count) < 0.8)),
        "ext_contract_duration_months": pa.array(
            years + 1, mask=missing | (rng.random(count) < 0.8)
        ),
    }


def _answer(
    column: Column,
    rng: np.random.Generator,
    numbers: Draws,
    missing: Flags,
    columns: dict[str, Any],
) -> Any:
    """A column of a pass; a list leaves its JSON text in `columns` too."""
    found, count = leaf(column), len(numbers)
    if found.kind == "words":
        return worded(found.words, picked(len(found.words), rng, numbers), missing)
    if found.kind == "list":
        pool = list_pool(found.words)
        picks = pa.array(picked(len(pool), rng, numbers), mask=missing)
        columns[f"{column.name}_json"] = pa.DictionaryArray.from_arrays(
            picks.cast(pa.int32()), json_pool(found.words)
        )
        return pool.take(picks)
    if found.kind == "boolean":
        absent = picked(3, rng, numbers) == 2 if found.words else np.zeros(count, bool)
        return pa.array(picked(2, rng, numbers) == 1, mask=missing | absent)
    if found.kind == "unit":
        low = 0.3 if column.path[-1] == "confidence" else 0.0
        drawn = np.round(low + (1 - low) * rng.random(count), 2)
        return pa.array(drawn, mask=missing)
    if found.kind == "score":
        picks = picked(6, rng, numbers)
        return pa.array(picks, mask=missing | (picks == 0))
    if found.kind == "number":
        return pa.nulls(count, pa.float64())  # pay and years: `_pay` has them
    return worded(_texts(column.name), picked(8, rng, numbers), missing)


@cache
def _texts(name: str) -> tuple[str | None, ...]:
    lines = tuple(f"The posting says this about {name}, in line {n}." for n in range(7))
    return (*lines, None)


def _metadata(
    rng: np.random.Generator, hour: datetime, first: Flags, all_passes: Flags
) -> dict[str, Any]:
    count = len(first)
    at = np.datetime64(hour, "us") + 3_600_000_000 + rng.integers(0, 600_000_000, count)
    tokens = rng.integers(8_000, 40_000, count)
    done = {"pass1": first, "pass2": all_passes, "pass3": all_passes}
    columns: dict[str, Any] = {
        "content_hash": constant("0" * 64, count),
        "enriched_at": pa.array(at, mask=~first),
        "enrichment_version": constant("3.4", count),
        "total_tokens_used": pa.array(tokens),
        "enrichment_input_tokens": pa.array(tokens // 2),
        "enrichment_output_tokens": pa.array(tokens - tokens // 2),
        "enrichment_cost_usd": pa.array(tokens * 3e-7),
        "avg_confidence_pass2": pa.array(np.full(count, 0.65), mask=~all_passes),
        "avg_confidence_pass3": pa.array(np.full(count, 0.65), mask=~all_passes),
        "low_confidence_fields": pa.nulls(count, pa.string()),
        "enrichment_errors": worded(["Pass 3: no answer"], np.zeros(count, np.int64), all_passes),
        "enrichment_warnings": pa.nulls(count, pa.string()),
    }
    for name, succeeded in done.items():
        columns[f"enrichment_model_{name}"] = constant("made-up-model", count)
        columns[f"enrichment_prompt_{name}"] = constant("made-up-prompt", count)
        columns[f"{name}_success"] = pa.array(succeeded)
    return columns
