"""Postings for the demo: the samples, or any Parquet file with Silver's columns, by hour."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cli.errors import CommandError, Diagnostic, ExitCode

NEEDED = ("job_posting_id", "job_title", "company_name", "job_location")
TEXTS = ("job_description_text", "job_description", "job_summary")
UNKNOWN_HOUR = datetime(1970, 1, 1, tzinfo=UTC)


def read_postings(path: Path) -> pa.Table:
    """The rows of a Parquet file. Raises CommandError naming what is missing."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise _refused(f"{path} cannot be read as Parquet.", str(error)) from error
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing:
        raise _refused(f"{path} lacks the column {missing[0]}.", f"it has {table.column_names}")
    if not any(name in table.column_names for name in TEXTS):
        raise _refused(f"{path} lacks a text: give it the column job_description_text.", None)
    return table


def by_hour(table: pa.Table) -> dict[str, pa.Table]:
    """Rows by the hour of `scraped_at`, keys such as 2026/01/31/06; without one: 1970/01/01/00."""
    if "scraped_at" not in table.column_names:
        return {_hour(None): table} if table.num_rows else {}
    try:
        stamps = pc.cast(table["scraped_at"], pa.timestamp("us"), safe=False).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _refused("The column scraped_at holds no timestamps.", str(error)) from error
    rows: dict[str, list[int]] = {}
    for index, stamp in enumerate(stamps):
        rows.setdefault(_hour(stamp), []).append(index)
    return {hour: table.take(pa.array(indices)) for hour, indices in sorted(rows.items())}


def key_of(hour: str, prefix: str) -> str:
    """The folder of an hour under `prefix`: linkedin/year=2026/month=01/day=31/hour=06/."""
    year, month, day, clock = hour.split("/")
    return f"{prefix}year={year}/month={month}/day={day}/hour={clock}/"


def _hour(stamp: datetime | None) -> str:
    return (stamp or UNKNOWN_HOUR).strftime("%Y/%m/%d/%H")


def _refused(message: str, context: str | None) -> CommandError:
    return CommandError(Diagnostic(message, ExitCode.USAGE, context=context))
