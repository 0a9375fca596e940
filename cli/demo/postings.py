"""Postings for the demo: the samples, or any Parquet file with Silver's columns, by hour."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.functions_code import make_importable

NEEDED = ("job_posting_id", "job_title", "company_name", "job_location")
TEXTS = ("job_description_text", "job_description", "job_summary")
SOURCE = "linkedin"
UNKNOWN_HOUR = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = pa.timestamp("us")


def read_postings(path: Path) -> pa.Table:
    """The rows of a Parquet file, or of a folder of such. Raises CommandError naming the fault."""
    if not path.exists():
        raise _refused(f"{path} does not exist: give --postings a Parquet file.")
    try:
        table = pq.read_table(path) if path.is_dir() else pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise _refused(
            f"{path} is no Parquet file that can be read: write it again.", str(error)
        ) from error
    names = table.column_names
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise _refused(f"{path} has the column {twice[0]} twice: rename or drop one of them.")
    for name in NEEDED:
        if name not in names:
            raise _refused(f"{path} lacks the column {name}: add it.", _listed(names))
    if not any(name in names for name in TEXTS):
        raise _refused(f"{path} lacks a text: add the column {TEXTS[0]}.", _listed(names))
    if not table.num_rows:
        raise _refused(f"{path} has no rows: give it at least one posting.")
    return _completed(table)


def by_hour(table: pa.Table) -> dict[str, pa.Table]:
    """Rows by the hour of `scraped_at`, keys such as 2026/01/31/06; without one: 1970/01/01/00.

    Raises CommandError if the column holds no timestamps.
    """
    if "scraped_at" not in table.column_names:
        return {_hour(None): table}
    kind = table.schema.field("scraped_at").type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_null(kind)):
        raise _refused(f"The column scraped_at has type {kind}: write it as timestamp.")
    rows: dict[str, list[int]] = {}
    for index, stamp in enumerate(pc.cast(table["scraped_at"], _STAMP, safe=False).to_pylist()):
        rows.setdefault(_hour(stamp), []).append(index)
    return {hour: table.take(pa.array(indices)) for hour, indices in sorted(rows.items())}


def key_of(hour: str, prefix: str) -> str:
    """The folder of an hour under `prefix`: linkedin/year=2026/month=01/day=31/hour=06/."""
    year, month, day, clock = hour.split("/")
    return f"{prefix}year={year}/month={month}/day={day}/hour={clock}/"


def _completed(table: pa.Table) -> pa.Table:
    """With all of Silver's columns; what the file lacks is NULL, but for the source."""
    make_importable()
    from common.contract import silver_schema

    for field in silver_schema():
        if field.name not in table.column_names:
            known = SOURCE if field.name == "source_system" else None
            values = pa.array([known] * table.num_rows, field.type)
            table = table.append_column(field, values)
    return table


def _hour(stamp: datetime | None) -> str:
    return (stamp or UNKNOWN_HOUR).strftime("%Y/%m/%d/%H")


def _listed(names: list[str]) -> str:
    return f"it has {', '.join(names)}"


def _refused(message: str, context: str | None = None) -> CommandError:
    return CommandError(Diagnostic(message, ExitCode.USAGE, context=context))
