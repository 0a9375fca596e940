"""Marts as tables on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.marts.queries import Mart
from cli.output import output

SHOWN_HOURS = 5


def print_marts(found: list[Mart]) -> None:
    """One table per mart, or with --json one record per row that names its mart."""
    for mart in found:
        if output.json:
            for row in mart.rows:
                output.record({"mart": mart.name, **row})
        else:
            Console().print(
                Text(f"\n{mart.title}", "bold"), Text(mart.about), table(mart), sep="\n"
            )


def table(mart: Mart) -> Table:
    """The rows of a mart; of the hours only the best."""
    rows = mart.rows[:SHOWN_HOURS] if mart.name == "best_hour_to_apply" else mart.rows
    shown = Table()
    for name in rows[0] if rows else ["no postings yet"]:
        number = rows and isinstance(rows[0][name], int | float)
        shown.add_column(name.replace("_", " "), justify="right" if number else "left")
    for row in rows:
        shown.add_row(*(Text(text(name, value)) for name, value in row.items()))
    return shown


def text(name: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    if name == "hour":
        return f"{value:02}:00"
    if name == "remote_pct":
        return f"{value:.0f} %"
    if name in ("low", "median", "high", "mean", "salary"):
        return f"{value:,.0f}"
    return str(value)
