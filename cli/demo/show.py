"""The demo's report for people: tables and the tree of executions."""

from __future__ import annotations

import html
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cli.demo.executions import Node

SHOWN = 6
JUDGED = ("inf_seniority_level", "inf_primary_cloud", "ext_work_model_stated")


def show_written(console: Console, tables: dict[str, pa.Table], bucket: str) -> None:
    """One line per Silver-AI object."""
    table = Table()
    table.add_column("hour")
    for heading in ("rows", "columns", "enriched", "flagged"):
        table.add_column(heading, justify="right")
    for hour, rows in tables.items():
        enriched = sum(rows["pass3_success"].to_pylist())
        counts = (rows.num_rows, rows.num_columns, enriched, rows.num_rows - enriched)
        table.add_row(hour, *map(str, counts))
    console.print(Text(f"Written to s3://{bucket}/linkedin_ai/"), table, sep="\n")


def show_postings(console: Console, tables: dict[str, pa.Table]) -> None:
    """A few enriched postings, the most telling first."""
    rows = [row for rows in tables.values() for row in rows.to_pylist() if row["pass3_success"]]
    if not rows:
        return
    rows.sort(
        key=lambda row: (row["ext_salary_min"] is None, -(row["anl_recommendation_score"] or 0))
    )
    table = Table()
    for heading in ("posting", "pay", "must have"):
        table.add_column(heading)
    table.add_column("level\ncloud\nwork", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    for row in _varied(rows):
        table.add_row(
            _heading(row),
            _plain(_pay(row)),
            _plain(", ".join((row["ext_must_have_hard_skills"] or [])[:6]) or "-"),
            Text("\n").join(_plain(row[name]) for name in JUDGED),
            _plain(_score(row)),
        )
    console.print(Text("A few postings"), table, sep="\n")


def show_totals(console: Console, report: dict[str, Any]) -> None:
    """Tokens, cost, calls."""
    table = Table(show_header=False)
    for name, value in report.items():
        table.add_row(name.replace("_", " "), _total(value))
    console.print(Text("Totals"), table, sep="\n")


def show_tree(console: Console, root: Node) -> None:
    """The executions and their states with seconds."""
    tree = Tree(_line(root))
    _grow(tree, root)
    console.print(tree)


def _grow(tree: Tree, node: Node) -> None:
    for child in node.children:
        _grow(tree.add(_line(child)), child)


def _line(node: Node) -> str:
    status = f" {node.status}" if node.status else ""
    note = f"  [dim]{node.note}[/dim]" if node.note else ""
    return f"{node.name}{status} [cyan]{node.seconds:.2f} s[/cyan]{note}"


def _varied(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first row of each company, at most six."""
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        first.setdefault(str(row["company_name"]), row)
    return list(first.values())[:SHOWN]


def _heading(row: dict[str, Any]) -> Text:
    place = ", ".join(_unescaped(row[name]) for name in ("company_name", "job_location"))
    return Text("\n").join([_plain(_unescaped(row["job_title"])), _plain(place, "dim")])


def _unescaped(value: str | None) -> str:
    return html.unescape(value or "-")


def _plain(value: str | None, style: str = "") -> Text:
    """Text as it is, never markup; what would steer a terminal is left out."""
    return Text("".join(sign for sign in value or "-" if sign.isprintable()), style)


def _score(row: dict[str, Any]) -> str:
    score = row["anl_recommendation_score"]
    return "-" if score is None else f"{score:.2f}"


def _total(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}".rstrip("0").rstrip(".")


def _pay(row: dict[str, Any]) -> str:
    low, high = row["ext_salary_min"], row["ext_salary_max"]
    if low is None and high is None:
        return "-"
    amounts = " to ".join(f"{amount:,.0f}" for amount in dict.fromkeys((low, high)) if amount)
    return f"{amounts} {row['ext_salary_currency'] or ''} {row['ext_salary_period'] or ''}".strip()
