"""Counts of a partition: what workflows report and publish as metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assemble_partition.rows import Row
from assemble_partition.status import PASSES, Status


class Counts:
    """Rows as they are added, and what this run spent on their postings."""

    def __init__(self) -> None:
        self.rows = self.retryable = 0
        self.successes = [0] * len(PASSES)

    def add(self, row: Row) -> None:
        """Counts one row."""
        self.rows += 1
        self.retryable += row.retryable
        self.successes = [
            count + success for count, success in zip(self.successes, row.succeeded, strict=True)
        ]

    def summary(self) -> dict[str, Any]:
        """Success is pass 3; rates are 0..1, null without rows."""
        rates = [count / self.rows if self.rows else None for count in self.successes]
        return {
            "rows": self.rows,
            "succeeded": self.successes[-1],
            "failed": self.rows - self.successes[-1],
            "retryable": self.retryable,
            "pass_successes": dict(zip(PASSES, self.successes, strict=True)),
            "pass_rates": dict(zip(PASSES, rates, strict=True)),
        }


def new_spending(statuses: Iterable[Status], run: str) -> dict[str, Any]:
    """What `run` itself paid: cached passes and those of other runs do not count.

    Every posting counts once, however many rows it has. Calls without a price have no part in
    the cost; `unpriced_calls` says how many there are.
    """
    paid = [
        entry
        for status in statuses
        for name, entry in status.passes.items()
        if name in PASSES and entry.run == run and not entry.cached
    ]
    return {
        "tokens_used": sum(
            entry.input_tokens + entry.output_tokens - entry.earlier_tokens for entry in paid
        ),
        "cost_usd": round(
            sum(entry.cost_usd - entry.earlier_cost_usd for entry in paid if entry.cost_usd), 6
        ),
        "unpriced_calls": sum(entry.attempts for entry in paid if entry.cost_usd is None),
        "model_calls": sum(entry.attempts for entry in paid),
    }
