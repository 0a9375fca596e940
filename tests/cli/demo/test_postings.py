"""Postings for the demo: what is read, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.demo.postings import by_hour, key_of, read_postings
from cli.errors import CommandError, ExitCode
from common.contract import silver_schema


def table(**columns: list[object]) -> pa.Table:
    size = len(next(iter(columns.values()))) if columns else 1
    needed = ("job_posting_id", "job_title", "company_name", "job_location", "job_description_text")
    return pa.table({**{name: ["x"] * size for name in needed}, **columns})


def refusal(path: Path) -> str:
    with pytest.raises(CommandError) as refused:
        read_postings(path)
    assert refused.value.diagnostic.code == ExitCode.USAGE
    return refused.value.diagnostic.message


def test_rows_go_to_the_hour_they_were_scraped_in() -> None:
    hours = by_hour(
        table(
            scraped_at=[
                datetime(2026, 1, 31, 6, 59, 59),
                datetime(2026, 1, 31, 7),
                None,
                datetime(2026, 1, 31, 6),
            ],
            job_title=["a", "b", "c", "d"],
        )
    )

    titles = {hour: rows["job_title"].to_pylist() for hour, rows in hours.items()}
    assert titles == {
        "1970/01/01/00": ["c"],
        "2026/01/31/06": ["a", "d"],
        "2026/01/31/07": ["b"],
    }


def test_times_with_a_zone_are_utc_hours() -> None:
    stamps = pa.array([datetime(2026, 1, 31, 6, tzinfo=UTC)], pa.timestamp("ns", "Europe/Lisbon"))

    assert list(by_hour(table(scraped_at=stamps))) == ["2026/01/31/06"]


def test_without_times_there_is_one_partition() -> None:
    assert list(by_hour(table())) == ["1970/01/01/00"]


def test_keys_are_padded() -> None:
    assert key_of("2026/01/02/03", "linkedin/") == "linkedin/year=2026/month=01/day=02/hour=03/"


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"job_posting_id,job_title")
    (tmp_path / "empty.parquet").touch()
    pq.write_table(table().slice(0, 0), tmp_path / "rows.parquet")

    unreadable = "is no Parquet file that can be read: write it again."
    assert refusal(tmp_path / "x.parquet").endswith(f"x.parquet {unreadable}")
    assert refusal(tmp_path / "empty.parquet").endswith(f"empty.parquet {unreadable}")
    assert refusal(tmp_path / "absent.parquet").endswith(
        "absent.parquet does not exist: give --postings a Parquet file."
    )
    assert refusal(tmp_path / "rows.parquet").endswith(
        "rows.parquet has no rows: give it at least one posting."
    )


@pytest.mark.parametrize(
    ("dropped", "message"),
    [
        ("company_name", "lacks the column company_name: add it."),
        ("job_description_text", "lacks a text: add the column job_description_text."),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, dropped: str, message: str) -> None:
    pq.write_table(table().drop_columns([dropped]), tmp_path / "x.parquet")

    assert refusal(tmp_path / "x.parquet").endswith(message)


def test_a_folder_of_files_is_one_table(tmp_path: Path) -> None:
    for name in ("part-0.parquet", "part-1.parquet"):
        pq.write_table(table(), tmp_path / name)

    assert read_postings(tmp_path).num_rows == 2


def test_a_column_that_comes_twice_is_named(tmp_path: Path) -> None:
    once = table()
    twice = pa.table([*once.columns, once["job_title"]], [*once.column_names, "job_title"])
    pq.write_table(twice, tmp_path / "x.parquet")

    assert "has the column job_title twice" in refusal(tmp_path / "x.parquet")


@pytest.mark.parametrize("stamp", ["2026-01-31T06:00:00", 1769839800, True])
def test_times_that_are_none_are_refused(stamp: object) -> None:
    with pytest.raises(CommandError, match=r"scraped_at has type .*: write it as timestamp"):
        by_hour(table(scraped_at=[stamp]))


def test_dates_and_nulls_are_times(tmp_path: Path) -> None:
    day = by_hour(table(scraped_at=[date(2026, 1, 31), None]))

    assert list(day) == ["1970/01/01/00", "2026/01/31/00"]
    assert list(by_hour(table(scraped_at=[None]))) == ["1970/01/01/00"]


def test_what_a_file_lacks_is_null_but_for_its_source(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "few.parquet")

    found = read_postings(tmp_path / "few.parquet")

    assert set(silver_schema().names) <= set(found.column_names)
    assert found["source_system"].to_pylist() == ["linkedin"]
    assert found["skills_canonical"].to_pylist() == [None]
    assert found["job_title"].to_pylist() == ["x"]
