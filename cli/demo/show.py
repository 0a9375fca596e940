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


def show_written(console: Console, tables: dict[str, pa.Table], bucket: str) -> None:
    """One line per Silver-AI object."""
    table = Table(title="Written to Silver-AI", title_justify="left")
    for heading in ("object", "rows", "columns", "enriched", "flagged"):
        table.add_column(heading, justify="left" if heading == "object" else "right")
    for hour, rows in tables.items():
        enriched = sum(rows["pass3_success"].to_pylist())
        table.add_row(
            f"s3://{bucket}/linkedin_ai/…/{hour}",
            str(rows.num_rows),
            str(rows.num_columns),
            str(enriched),
            str(rows.num_rows - enriched),
        )
    console.print(table)


def show_postings(console: Console, tables: dict[str, pa.Table]) -> None:
    """A few enriched postings, the most telling first."""
    rows = [row for rows in tables.values() for row in rows.to_pylist() if row["pass3_success"]]
    rows.sort(
        key=lambda row: (row["ext_salary_min"] is None, -(row["anl_recommendation_score"] or 0))
    )
    table = Table(title="A few postings", title_justify="left")
    for heading in ("posting", "pay", "must have", "seniority", "cloud", "work", "score"):
        table.add_column(heading, overflow="fold")
    for row in _varied(rows):
        table.add_row(
            _heading(row),
            _pay(row),
            ", ".join((row["ext_must_have_hard_skills"] or [])[:6]),
            row["inf_seniority_level"],
            row["inf_primary_cloud"],
            row["ext_work_model_stated"],
            "-"
            if row["anl_recommendation_score"] is None
            else f"{row['anl_recommendation_score']:.2f}",
        )
    console.print(table)


def show_totals(console: Console, report: dict[str, Any]) -> None:
    """Tokens, cost, calls."""
    table = Table(title="Totals", title_justify="left", show_header=False)
    for name, value in report.items():
        shown = f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        table.add_row(name.replace("_", " "), shown)
    console.print(table)


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
    company, location = (
        html.unescape(row[name] or "-") for name in ("company_name", "job_location")
    )
    return Text.assemble(
        html.unescape(row["job_title"] or "-"), "\n", (f"{company}, {location}", "dim")
    )


def _pay(row: dict[str, Any]) -> str:
    low, high = row["ext_salary_min"], row["ext_salary_max"]
    if low is None and high is None:
        return "-"
    amounts = " to ".join(f"{amount:,.0f}" for amount in dict.fromkeys((low, high)) if amount)
    return f"{amounts} {row['ext_salary_currency'] or ''} {row['ext_salary_period'] or ''}".strip()
