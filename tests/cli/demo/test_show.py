"""The demo's report on a narrow terminal, and with texts that would steer it."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
from rich.console import Console

from cli.demo.show import show_postings, show_totals, show_written

ROW: dict[str, Any] = {
    "pass3_success": True,
    "job_title": "Senior Data Engineer, Pharmaceuticals",
    "company_name": "Sorrel Therapeutics",
    "job_location": "Basel, Switzerland",
    "ext_salary_min": 125_000.0,
    "ext_salary_max": 150_000.0,
    "ext_salary_currency": "CHF",
    "ext_salary_period": "yearly",
    "ext_must_have_hard_skills": ["Data Platform", "Databricks", "Terraform"],
    "ext_work_model_stated": "not_mentioned",
    "inf_seniority_level": "not_mentioned",
    "inf_primary_cloud": "not_mentioned",
    "anl_recommendation_score": 0.8,
}


def shown(row: dict[str, Any], width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    tables = {"2026/01/31/06": pa.Table.from_pylist([row])}
    show_written(console, tables, "data-engineer-jobs-local-silver")
    show_postings(console, tables)
    show_totals(console, {"tokens": 1_034_957, "pass1_success_rate": 0.973, "rerun_equal": True})
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_eighty_columns_break_no_word() -> None:
    text = shown(ROW, 80)

    assert max(map(len, text.splitlines())) <= 80
    for word in ("Pharmaceuticals", "Therapeutics", "Databricks", "not_mentioned", "0.80", "score"):
        assert word in text
    for total in ("1,034,957", "0.973", "yes"):
        assert total in text


def test_texts_are_neither_markup_nor_control() -> None:
    text = shown({**ROW, "ext_must_have_hard_skills": ["[/b]", "\x1b[31mred\u202e"]}, 100)

    assert "[/b], [31mred" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
