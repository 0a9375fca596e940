"""`dej demo` as a user runs it."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.marts import queries, source
from tests.dbt_gold import pandas_marts
from tests.dbt_gold.contents import blank_columns, tables
from tests.dbt_gold.project import Project
from tests.shared_data import SHARED

ROOT = Path(__file__).resolve().parents[3]
REPORT = ROOT / "build/demo/report.json"


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def run_demo(*options: str) -> tuple[dict[str, Any], str]:
    done = demo(*options)
    assert done.returncode == 0, done.stderr
    return json.loads(REPORT.read_text(encoding="utf-8")), done.stdout


def rows_left() -> int:
    files = (ROOT / "build/demo/linkedin_ai").rglob("data.parquet")
    return sum(pq.read_metadata(file).num_rows for file in files)


def test_the_samples() -> None:
    report, shown = run_demo()

    assert report["partitions"] == 3
    assert report["rows_in"] == report["rows_out"] == rows_left() >= 60
    assert report["jobs_succeeded"] == report["rows_in"] - 2  # two samples have no id
    assert report["model_calls_on_rerun"] == 0
    assert report["rerun_equal"] is True
    assert report["failed_partitions"] == []
    for part in ("Written to s3://", "A few postings", "enrich-partitions", "Totals"):
        assert part in shown
    assert report["gold_tests_failed"] == 0
    check_tables()
    check_marts(shown)


EMPTY = {"bridge_job_us_state_restrictions": "no sample is for certain states of the USA only"}
ALL_NULL = {
    ("fact_job_posting", "daily_rate_min_usd"): "no sample states a day rate",
    ("fact_job_posting", "daily_rate_max_usd"): "no sample states a day rate",
    ("fact_job_posting", "scope_creep_score"): "the offline rules give no such score",
    ("fact_job_posting", "scope_creep_detected"): "it follows from that score",
    ("agg_company_hiring", "company_size_bucket"): "the demo has no company profiles",
    ("agg_company_hiring", "industry_primary"): "the demo has no company profiles",
    ("agg_salary_benchmarks", "mom_change_pct"): "all samples are of one month",
    ("agg_salary_benchmarks", "yoy_change_pct"): "all samples are of one month",
    ("agg_skills_demand", "growth_rate_4w"): "all samples are of one week",
}
"""What the project's own enrichment of the samples leaves empty in the star schema, and why."""


def check_tables() -> None:
    """Of the 81 tables and of all columns of fact and aggregations, only these are empty."""
    built = Project(ROOT / "build/demo", ROOT / "build/demo")
    names = tables(built)
    assert len(names) == 81
    sizes = " union all ".join(f"select '{n}' as name, count(*) as n from gold.{n}" for n in names)
    counts = {row["name"]: row["n"] for row in built.rows(sizes)}
    assert {name for name, count in counts.items() if count == 0} == set(EMPTY)
    assert counts["job_confidence_details"] == 54 * counts["fact_job_posting"]
    assert blank_columns(built) == set(ALL_NULL)


def check_marts(shown: str) -> None:
    """What the star schema says is what pandas counts in the Parquet files that are left.

    Quartiles and scores depend on tables of places too; they are computed over generated postings.
    """
    found = pandas_marts.newest_postings(ROOT / "build/demo/linkedin_ai")
    with source.opened(ROOT / "build/demo/analytics.duckdb") as database:
        skills, pay, hours, companies = queries.marts(database)

    for mart in (skills, pay, hours, companies):
        assert mart.title in shown
    assert [
        (row["skill"].lower(), row["postings"], row["required"], row["wished"])
        for row in skills.rows
    ] == [tuple(row.values()) for row in pandas_marts.wanted_skills(found, 10, queries.WEEKS)]
    levels = pandas_marts.salaries(found)
    assert {row["seniority"]: (row["postings"], row["mean"]) for row in pay.rows} == {
        level: (figures["postings"], pytest.approx(figures["mean"], abs=1))
        for level, figures in levels.items()
    }
    assert {row["hour"]: (row["postings"], row["applicants"]) for row in hours.rows} == {
        hour: (figures["postings"], pytest.approx(figures["applicants"], abs=0.1))
        for hour, figures in pandas_marts.hours(found).items()
    }
    dated = found[found["job_posted_datetime"].notna()]
    month = dated["job_posted_datetime"].dt.to_period("M")
    new = dated[month == month.max()]["company_name"].value_counts()
    assert [row["new"] for row in companies.rows] == new.head(10).to_list()
    assert all(new[row["company"]] == row["new"] for row in companies.rows)


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_postings() -> None:
    report, _ = run_demo("--postings", str(SHARED / "postings/silver_postings.parquet"))

    assert report["rows_in"] == report["rows_out"] == rows_left() == 84
    assert report["jobs_succeeded"] == 84
    assert report["model_calls"] == 3 * 84
    assert report["model_calls_on_rerun"] == 0
    assert report["rerun_equal"] is True
    assert report["seconds"] < 180


def test_a_file_that_is_missing_is_said_in_one_sentence() -> None:
    done = demo("--postings", "absent.parquet")

    assert done.returncode == 2
    assert done.stderr == (
        "error: absent.parquet does not exist: give --postings a Parquet file.\n"
    )
    assert done.stdout == ""


@pytest.mark.slow
def test_an_unreadable_partition_is_said_and_the_current_hour_enriched(tmp_path: Path) -> None:
    """GIVEN one hour with a title that is no text, and one that has not ended yet
    THEN the second is enriched, the first named with its reason, and the command fails;
    Gold, which reads all hours, is not built and says so."""
    broken = pa.array([b"\xff\xfe", b"Data Engineer"]).view(pa.string())
    stamps = [datetime(2026, 1, 31, 6), datetime.now(UTC).replace(tzinfo=None)]
    texts = ["a", "b"]
    columns = {
        "job_posting_id": texts,
        "job_title": broken,
        "company_name": texts,
        "job_location": texts,
        "job_description_text": ["Python and SQL are a must."] * 2,
        "scraped_at": stamps,
    }
    pq.write_table(pa.table(columns), tmp_path / "postings.parquet")

    done = demo("--postings", str(tmp_path / "postings.parquet"))

    assert done.returncode == 1
    report = json.loads(REPORT.read_text(encoding="utf-8"))
    assert (report["rows_in"], report["rows_out"]) == (2, 1)
    assert report["failed_partitions"] == ["2026/01/31/06"]
    error = done.stderr[done.stderr.index("error: ") :]
    assert error.startswith(
        "error: 1 partition was not enriched and Gold was not built.\n  because: 2026/01/31/06: "
    )
    assert "job_title" in error
    assert "Gold: step staging: " in error


def test_a_second_demo_at_the_same_time_is_refused() -> None:
    with (ROOT / "build/demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = demo()

    assert done.returncode == 1
    assert done.stderr == (
        "error: Another demo runs here and writes build/demo: wait for its end.\n"
    )
