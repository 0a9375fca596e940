"""The whole project on the real enriched rows, each joined with a real posting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dbt_gold.conftest import Gold
from tests.dbt_gold.contents import blank_columns, tables
from tests.dbt_gold.joined import joined_rows
from tests.dbt_gold.project import Project
from tests.dbt_gold.small import expected
from tests.dbt_gold.test_aggregations import GRAINS, shown

pytestmark = pytest.mark.shared

ALL_NULL = {
    ("fact_job_posting", "daily_rate_min_usd"): "no enriched row states a day rate",
    ("fact_job_posting", "daily_rate_max_usd"): "no enriched row states a day rate",
    (
        "agg_posting_time_analysis",
        "avg_time_to_100_applicants_hrs",
    ): "every posting was scraped within an hour of its publication",
    ("agg_salary_benchmarks", "yoy_change_pct"): "the postings lie within three months",
}
"""Columns that the sample cannot fill, and why."""


@pytest.fixture(scope="module")
def project(gold: Gold, joined_lake: Path) -> Project:
    return gold(joined_lake)


def test_the_fixture_is_what_it_is_said_to_be() -> None:
    pairs = list(joined_rows())
    assert len(pairs) == 185
    assert len({silver["job_posting_id"] for silver, _ in pairs}) == 184
    assert len({silver["url"] for silver, _ in pairs}) == 84
    unpaid = {silver["url"] for silver, _ in pairs if silver["salary_min"] is None}
    assert len(unpaid) >= 15
    assert all(silver["company_id"] for silver, _ in pairs)


@pytest.mark.timeout(900)
def test_nothing_fails(project: Project, copied: Callable[[Project], Project]) -> None:
    nodes = copied(project).succeed("test", "--exclude-resource-type", "unit_test")
    assert sum(node.kind == "test" for node in nodes) > 500


def test_no_table_is_without_a_real_row(project: Project) -> None:
    names = tables(project)
    assert len(names) == 81
    keys = project.rows(
        "select table_name as name, column_name as key from information_schema.columns"
        " where table_schema = 'gold' and ordinal_position = 1 and table_name like 'dim_%'"
    )
    real = {row["name"]: f"where {row['key']} <> -1" for row in keys}
    counts = [
        f"select '{name}' as name, count(*) as n from gold.{name} {real.get(name, '')}"
        for name in names
    ]
    rows = {row["name"]: row["n"] for row in project.rows(" union all ".join(counts))}
    print("\n".join(f"{name:<36}{rows[name]:>6}" for name in names))
    assert [name for name, count in rows.items() if count == 0] == []
    assert rows["fact_job_posting"] == 184
    assert rows["job_confidence_details"] == 184 * 54


def test_no_column_is_null_throughout(project: Project) -> None:
    assert blank_columns(project) == set(ALL_NULL)


@pytest.mark.parametrize("table", [table for table in GRAINS if table.startswith("agg_")])
def test_groups_worked_out_by_hand(project: Project, table: str) -> None:
    wanted = expected(f"joined/{table}")
    columns = list(wanted[0])
    grain = columns[: GRAINS[table]]
    found = [shown(row) for row in project.rows(f"select {', '.join(columns)} from gold.{table}")]
    groups = {tuple(row[name] for name in grain): row for row in found}
    assert len(wanted) == 2
    for row in wanted:
        assert groups[tuple(row[name] for name in grain)] == row
