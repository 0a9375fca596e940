"""Which sources of the real project count as stale, as the runner judges dbt's freshness."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters

from dbt_runner import invocation
from dbt_runner.place import Place
from dbt_runner.request import Request
from dbt_runner.results import Results, failure, read_results
from tests.dbt_gold.lake import company_rows, put_companies, put_enriched, put_postings
from tests.stack import ROOT

NOW = datetime.now(UTC).replace(tzinfo=None)  # dbt's freshness knows no other clock
FRESHNESS = Request("freshness", "e", "freshness")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The real project on a DuckDB file of this test."""
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "analytics.duckdb"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setattr(invocation, "TARGET", tmp_path / "target")
    (tmp_path / "target").mkdir()
    yield Place("duckdb", ROOT / "dbt_gold", "", "", "", {}, "", "", "", "", "")
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    reset_adapters()  # type: ignore[no-untyped-call]


def judged(place: Place, lake: Path) -> Results:
    """The results of the step; none of them may end it."""
    ended = invocation.run_dbt(FRESHNESS, place, {"silver_root": str(lake)}, lambda _: None)
    results = read_results(ended)
    assert failure(FRESHNESS, ended, results, []) is None
    return results


def put_hour(lake: Path, age: timedelta) -> None:
    """A posting and its enrichment, as old as that."""
    then = NOW - age
    posting = {"job_posting_id": "a", "source_system": "linkedin", "scraped_at": then}
    put_postings(lake, then, [posting])
    put_enriched(lake, then, [{**posting, "enriched_at": then}])


def test_companies_without_a_file_only_warn(place: Place, tmp_path: Path) -> None:
    put_hour(tmp_path / "lake", timedelta(hours=1))

    results = judged(place, tmp_path / "lake")

    assert results.stale() == []
    assert {r.name: r.status for r in results.results if r.kind == "source"} == {
        "linkedin": "pass",
        "ai_enrichment": "pass",
        "linkedin_companies": "warn",
    }


def test_old_companies_only_warn_and_old_postings_stop(place: Place, tmp_path: Path) -> None:
    put_hour(tmp_path / "lake", timedelta(days=9))
    profile = {"company_id": "c", "name": "C", "snapshot_date": (NOW - timedelta(days=9)).date()}
    put_companies(tmp_path / "lake", company_rows([profile]))

    results = judged(place, tmp_path / "lake")

    assert sorted(results.stale()) == ["ai_enrichment", "linkedin"]
