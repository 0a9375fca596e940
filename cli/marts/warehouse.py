"""The tables of the marts of a stack on Redshift, read through the Data API."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CommandError, Diagnostic
from cli.stack import ROOT, Stack

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

Kinds = dict[str, str]


def copy_tables(stack: Stack, tables: Iterable[str], file: Path) -> None:
    """Makes `file` a DuckDB database whose schema `gold` has the tables, as the caller reads them.

    Raises CommandError if the warehouse refuses, and boto3's errors.
    """
    import boto3
    import duckdb
    from awswrangler.data_api import redshift

    from infra.gold_redshift import DATABASE

    warehouse = redshift.connect(
        workgroup_name=stack.thing("gold"),
        database=DATABASE,
        boto3_session=boto3.Session(region_name=stack.region),
    )
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema gold")
        documented = _documented()
        for table in tables:
            kinds = documented[table]
            try:
                frame = redshift.read_sql_query(_query(table, kinds), con=warehouse)
            except redshift.RedshiftDataApiFailedException as error:
                raise _refused(stack, table, error) from None
            _write(connection, table, kinds, frame)


def _documented() -> dict[str, Kinds]:
    """Type by column of each table, in the table's order."""
    found: dict[str, Kinds] = {}
    with (ROOT / "dbt_gold" / "columns.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["table"], {})[row["column"]] = row["type"]
    return found


def _query(table: str, kinds: Kinds) -> str:
    """Keys come as text: pandas makes doubles of whole numbers with NULLs among them."""
    columns = [
        f"cast({name} as varchar) as {name}" if kind == "bigint" else name
        for name, kind in kinds.items()
    ]
    return f"select {', '.join(columns)} from gold.{table}"


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, kinds: Kinds, frame: pd.DataFrame
) -> None:
    import pyarrow as pa

    found = pa.table({name: pa.array(frame[name].tolist(), from_pandas=True) for name in kinds})
    typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in kinds.items())
    connection.register("found", found)
    connection.execute(f"create table gold.{table} as select {typed} from found")
    connection.unregister("found")


def _refused(stack: Stack, table: str, error: Exception) -> CommandError:
    return CommandError(
        Diagnostic(
            f"The warehouse of stack {stack.name} does not give gold.{table}.",
            context=str(error),
            note='who reads Gold needs GRANT ROLE gold_reader TO "IAM:name" (docs/gold.md)',
            hint=f"dej gold build --stack {stack.name}",
        )
    )
