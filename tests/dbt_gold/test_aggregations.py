"""Aggregations against figures worked out by hand, and against each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt_gold.conftest import Gold
from tests.dbt_gold.project import Project, Row
from tests.dbt_gold.small import expected

GRAINS = {
    "agg_daily_job_metrics": 5,
    "agg_weekly_job_metrics": 5,
    "agg_monthly_job_metrics": 5,
    "agg_skills_demand": 4,
    "agg_salary_benchmarks": 5,
    "agg_company_hiring": 2,
    "agg_posting_time_analysis": 4,
    "agg_hourly_posting_summary": 2,
    "late_arriving_data": 1,
}
"""How many leading columns of an expected file name the group."""


@pytest.fixture(scope="module")
def small(gold: Gold, small_lake: Path) -> Project:
    """The eleven postings, built."""
    return gold(small_lake)


def shown(row: Row) -> dict[str, str]:
    """A row as an expected file writes it."""
    return {name: "" if value is None else str(value) for name, value in row.items()}


@pytest.mark.parametrize("table", GRAINS)
def test_groups_worked_out_by_hand(small: Project, table: str) -> None:
    wanted = expected(table)
    columns = list(wanted[0])
    grain = columns[: GRAINS[table]]
    found = [shown(row) for row in small.rows(f"select {', '.join(columns)} from gold.{table}")]
    groups = {tuple(row[name] for name in grain): row for row in found}
    assert len(groups) == len(found)
    for row in wanted:
        assert groups[tuple(row[name] for name in grain)] == row


def test_every_column_of_a_table_is_worked_out(small: Project) -> None:
    hidden = {"skill_key", "company_key"}  # hashes: their names stand in the expected files
    for table in GRAINS:
        columns = {row["column_name"] for row in small.rows(f"describe gold.{table}")}
        assert columns - hidden == set(expected(table)[0]), table


def test_postings_without_date_are_in_no_time_table(small: Project) -> None:
    for table in ("daily_job_metrics", "weekly_job_metrics", "monthly_job_metrics",
                  "posting_time_analysis", "hourly_posting_summary"):  # fmt: skip
        assert small.rows(f"select sum(job_count) as n from gold.agg_{table}") == [{"n": 10}]
    assert small.rows("select count(*) as n from gold.fact_job_posting") == [{"n": 11}]


def test_a_company_counts_under_its_current_version(small: Project) -> None:
    rows = small.rows(
        "select month_key, company_size_bucket from gold.agg_company_hiring"
        " where company_name = 'A' order by month_key"
    )
    assert rows == [
        {"month_key": month, "company_size_bucket": "SMB"} for month in (202501, 202512, 202601)
    ]
