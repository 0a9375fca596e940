"""Where the aggregation tables are read from: a DuckDB file, or a folder of exported Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.stack import Stack, open_stack

if TYPE_CHECKING:
    import duckdb

TABLES = (
    "agg_daily_job_metrics",
    "agg_weekly_job_metrics",
    "agg_monthly_job_metrics",
    "agg_skills_demand",
    "agg_salary_benchmarks",
    "agg_company_hiring",
    "agg_posting_time_analysis",
    "agg_hourly_posting_summary",
    "dim_seniority",
)
"""What marts are read from and exported to: the aggregations, and the names of their levels."""


def fetched(stack: str, endpoint: str | None, folder: Path) -> Path:
    """A DuckDB file in `folder` with what the stack has built.

    From Redshift the tables are read, of a stack on DuckDB the file is fetched that its builds keep
    in S3. Raises CommandError if nothing has been built yet.
    """
    from cli.marts.warehouse import copy_tables

    place, file = open_stack(stack, endpoint), folder / "analytics.duckdb"
    if place.settings.gold.engine == "redshift":
        copy_tables(place, TABLES, file)
    else:
        _download(place, file)
    return file


def _download(stack: Stack, file: Path) -> None:
    from botocore.exceptions import ClientError

    from infra.gold_runner import WAREHOUSE_KEY

    bucket = stack.thing("artifacts")
    try:
        stack.client("s3").download_file(bucket, WAREHOUSE_KEY, str(file))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        raise CommandError(
            Diagnostic(
                f"Stack {stack.name} keeps no DuckDB database at s3://{bucket}/{WAREHOUSE_KEY}.",
                hint=f"dej gold build --stack {stack.name}",
            )
        ) from None


@contextmanager
def opened(source: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose schema `gold` has the tables. Raises CommandError if some are missing."""
    import duckdb

    if source.is_dir():
        connection = duckdb.connect()
        _read_parquet(connection, source)
    else:
        connection = _read_database(source)
    try:
        _require_tables(connection, source)
        yield connection
    finally:
        connection.close()


def export(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Writes every table as Parquet, rows in a fixed order; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for table in TABLES:
        file = folder / f"{table}.parquet"
        connection.table(f"gold.{table}").order("all").to_parquet(str(file))
        files.append(file)
    return files


def _read_parquet(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.execute("create schema gold")
    for file in sorted(folder.glob("*.parquet")):
        if file.stem in TABLES:
            copy = f"create table gold.{file.stem} as select * from read_parquet(?)"
            connection.execute(copy, [str(file)])


def _read_database(file: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    if not file.is_file():
        raise CommandError(
            Diagnostic(
                f"{file}: there is no such database and no such folder.",
                ExitCode.USAGE,
                hint="dej gold build",
            )
        )
    try:
        return duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        raise CommandError(
            Diagnostic(
                f"{file} cannot be opened as a DuckDB database.",
                context=str(error).splitlines()[0],
                note="while a build writes it, nobody else can read it",
            )
        ) from None


def _require_tables(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    found = connection.execute(
        "select table_name from information_schema.tables where table_schema = 'gold'"
    ).fetchall()
    missing = [table for table in TABLES if (table,) not in found]
    if missing:
        raise CommandError(
            Diagnostic(
                f"{source} lacks {', '.join(missing)}.",
                note="marts are read from what a whole build of Gold, or --export, wrote",
                hint="dej gold build",
            )
        )
