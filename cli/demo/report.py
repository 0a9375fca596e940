"""What the demo measured, as `report.json`."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

PASSES = ("pass1", "pass2", "pass3")


def build_report(
    tables: dict[str, pa.Table], runs: list[dict[str, Any]], rows_in: int
) -> dict[str, Any]:
    """Counts and rates (0 to 1) over all partitions; tokens and cost as the workflows report."""
    outputs = [json.loads(run["output"]) for run in runs if run["status"] == "SUCCEEDED"]
    rows_out = sum(table.num_rows for table in tables.values())
    successes = {
        name: sum(_trues(table, f"{name}_success") for table in tables.values()) for name in PASSES
    }
    return {
        "partitions": len(tables),
        "rows_in": rows_in,
        "rows_out": rows_out,
        "jobs_succeeded": successes["pass3"],
        **{
            f"{name}_success_rate": successes[name] / rows_out if rows_out else None
            for name in PASSES
        },
        "passes_succeeded": sum(successes.values()),
        "tokens": sum(output["total_tokens"] for output in outputs),
        "cost_usd": sum(output["total_cost_usd"] for output in outputs),
    }


def _trues(table: pa.Table, column: str) -> int:
    return sum(bool(value) for value in table[column].to_pylist())
