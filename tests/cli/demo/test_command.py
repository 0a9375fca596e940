"""`dej demo` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.shared_data import SHARED

ROOT = Path(__file__).resolve().parents[3]


def run_demo(*options: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((ROOT / "build/demo/report.json").read_text(encoding="utf-8")), done.stdout


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
    for part in ("Written to Silver-AI", "A few postings", "enrich-partitions", "Totals"):
        assert part in shown


@pytest.mark.shared
def test_the_real_postings() -> None:
    report, _ = run_demo("--postings", str(SHARED / "postings/silver_postings.parquet"))

    assert report["rows_in"] == report["rows_out"] == rows_left() == 84
    assert report["jobs_succeeded"] == 84
    assert report["model_calls"] == 3 * 84
    assert report["model_calls_on_rerun"] == 0
    assert report["rerun_equal"] is True
    assert report["seconds"] < 90


def test_a_file_that_is_missing_is_said_in_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--postings", "absent.parquet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("error: absent.parquet cannot be read as Parquet.")
    assert done.stdout == ""
