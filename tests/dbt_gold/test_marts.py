"""`dej marts` on generated postings: against pandas, as text, JSON, Parquet and figure."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from cli.errors import CommandError
from cli.marts import plot, queries, source
from cli.marts.queries import Mart
from cli.stack import Stack
from infra.gold_runner import WAREHOUSE_KEY
from tests.dbt_gold import pandas_marts, served
from tests.dbt_gold.conftest import Gold
from tests.dbt_gold.project import Project


@pytest.fixture(scope="module")
def project(gold: Gold, generated_lake: Path) -> Project:
    return gold(generated_lake)


@pytest.fixture(scope="module")
def database(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    with source.opened(project.database) as connection:
        yield connection


@pytest.fixture(scope="module")
def postings(generated_lake: Path) -> pd.DataFrame:
    return pandas_marts.postings(generated_lake)


def test_wanted_skills(database: duckdb.DuckDBPyConnection, postings: pd.DataFrame) -> None:
    found = [{**row, "skill": row["skill"].lower()} for row in queries.wanted_skills(database).rows]
    for row in found:
        assert row.pop("family")
    assert found == pandas_marts.wanted_skills(postings, queries.SKILLS, queries.WEEKS)


def test_salary_by_seniority(database: duckdb.DuckDBPyConnection, postings: pd.DataFrame) -> None:
    rows = {row.pop("seniority"): row for row in queries.salaries(database).rows}
    wanted = pandas_marts.salaries(postings)
    assert set(rows) == set(wanted)
    for level, figures in wanted.items():
        assert rows[level] == pytest.approx(figures, abs=1), level
    assert list(rows) == ["Intern", "Entry", "Junior", "Mid", "Senior", "Staff", "Principal",
                          "Lead", "Manager", "Director", "Unknown"]  # fmt: skip


def test_best_hour(database: duckdb.DuckDBPyConnection, postings: pd.DataFrame) -> None:
    rows = queries.best_hours(database).rows
    wanted = pandas_marts.hours(postings)
    assert sorted(row["hour"] for row in rows) == sorted(wanted)
    for row in rows:
        figures = wanted[row["hour"]]
        assert row["postings"] == figures["postings"]
        assert row["applicants"] == pytest.approx(figures["applicants"], abs=0.1)
        assert row["score"] == pytest.approx(figures["score"], abs=0.001)
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_companies_hiring(
    database: duckdb.DuckDBPyConnection, postings: pd.DataFrame, generated_lake: Path
) -> None:
    rows = queries.hiring_companies(database).rows
    wanted = pandas_marts.companies(postings, generated_lake)
    largest = sorted((figures["new"] for figures in wanted.values()), reverse=True)
    assert [row["new"] for row in rows] == largest[: queries.COMPANIES]
    for row in rows:
        figures = wanted[row.pop("company")]
        for name in ("industry", "new", "open"):
            assert row[name] == figures[name]
        for name in ("remote_pct", "salary"):
            known = None if pd.isna(figures[name]) else pytest.approx(figures[name], abs=1)
            assert row[name] == known


def dej(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_command_shows_draws_and_exports(project: Project, tmp_path: Path) -> None:
    figure, folder = tmp_path / "marts.svg", tmp_path / "marts"
    done = dej(
        "--json", "marts", str(project.database), "--plot", str(figure), "--export", str(folder)
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {record["mart"] for record in records} == {
        "wanted_skills", "salary_by_seniority", "best_hour_to_apply", "companies_hiring",
    }  # fmt: skip
    drawn = figure.read_text(encoding="utf-8")
    for title in ("Most wanted skills", "Salary by seniority", "Best hour to apply"):
        assert f"<!-- {title}" in drawn
    assert {file.stem for file in folder.glob("*.parquet")} == set(source.TABLES)
    again = dej("--json", "marts", str(folder))
    assert again.stdout == done.stdout


def test_export_has_the_rows_of_the_tables(project: Project, tmp_path: Path) -> None:
    with source.opened(project.database) as connection:
        for file in source.export(connection, tmp_path):
            counted = project.rows(f"select count(*) as n from gold.{file.stem}")
            assert pq.ParquetFile(file).metadata.num_rows == counted[0]["n"] > 0


def test_tables_on_a_terminal(project: Project) -> None:
    shown = dej("marts", str(project.database)).stdout
    for heading in ("Most wanted skills", "Salary by seniority", "Best hour to apply",
                    "Companies hiring"):  # fmt: skip
        assert heading in shown
    assert "00 │" in shown


def test_refusals_name_the_remedy(tmp_path: Path) -> None:
    absent = dej("marts", str(tmp_path / "none.duckdb"))
    assert absent.returncode == 2
    assert "there is no such database" in absent.stderr
    assert "try: dej gold build" in absent.stderr
    (tmp_path / "text.duckdb").write_text("no database")
    assert "cannot be opened" in dej("marts", str(tmp_path / "text.duckdb")).stderr
    assert "lacks agg_daily_job_metrics" in dej("marts", str(tmp_path)).stderr
    with pytest.raises(CommandError, match=r"a figure's name ends in \.png, \.svg, \.pdf"):
        plot.require_format(tmp_path / "marts.txt")


def test_a_figure_without_postings_says_so(tmp_path: Path) -> None:
    names = ("wanted_skills", "salary_by_seniority", "best_hour_to_apply", "companies_hiring")
    empty = [Mart(name, name, "-", []) for name in names]
    plot.draw(empty, tmp_path / "empty.svg")
    assert (tmp_path / "empty.svg").read_text().count("<!-- no postings yet") == 4


def test_weeks_before_cross_the_year() -> None:
    assert queries._weeks_before(202601, 1) == 202552
    assert queries._weeks_before(202501, 13) == 202440


def test_without_source_it_reads_what_the_stack_built(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "open_stack", Stack)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="data-engineer-jobs-local-artifacts")
        with pytest.raises(CommandError, match="Stack local keeps no DuckDB database"):
            source.fetched("local", None, tmp_path)
        s3.upload_file(str(project.database), "data-engineer-jobs-local-artifacts", WAREHOUSE_KEY)
        file = source.fetched("local", None, tmp_path)
    assert file.read_bytes() == project.database.read_bytes()


def test_of_a_stack_on_redshift_the_tables_are_read(
    project: Project,
    database: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Through boto3 and awswrangler; the warehouse behind them is a stand-in."""
    api = served.DataApi(project.database)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with served.serving(api) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT_DATA", url)
        file = source.fetched("prod", None, tmp_path)
        with source.opened(file) as connection:
            assert queries.marts(connection) == queries.marts(database)
            for table in source.TABLES:
                copied = connection.execute(f"select * from gold.{table} order by all")
                stored = database.execute(f"select * from gold.{table} order by all")
                assert copied.fetchall() == stored.fetchall(), table
    asked = {(request["WorkgroupName"], request["Database"]) for request in api.requests}
    assert asked == {("data-engineer-jobs-prod-gold", "analytics")}


def test_a_table_that_redshift_refuses_is_named_with_the_grant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with served.serving(served.DataApi(empty)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT_DATA", url)
        with pytest.raises(CommandError, match=r"prod does not give gold\.agg_daily") as refused:
            source.fetched("prod", None, tmp_path)
    assert "GRANT ROLE gold_reader" in str(refused.value.diagnostic.note)
