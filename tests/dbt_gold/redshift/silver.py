"""Silver in PostgreSQL, where Redshift would see it through Spectrum: as an external schema.

Nested columns stay away, because Spectrum cannot select them plainly: a model that reads one
fails. Each has its `_json` companion, as on DuckDB.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb

SCHEMA = "silver_external"
TABLES = {
    "linkedin": "linkedin",
    "ai_enrichment": "linkedin_ai",
    "linkedin_companies": "linkedin_companies",
}
TYPES = {
    "BOOLEAN": "boolean",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "VARCHAR": "varchar(65535)",
}
CSV = "format csv, header false, nullstr '\\N', force_quote *"


def load(lake: Path, connection: Any) -> None:
    """(Re)creates the three Silver tables from a lake folder, with superuser `connection`."""
    cursor = connection.cursor()
    cursor.execute(f"drop schema if exists {SCHEMA} cascade")
    cursor.execute(f"create schema {SCHEMA}")
    with duckdb.connect() as reader:
        reader.execute("set timezone = 'UTC'")
        for table, prefix in TABLES.items():
            _load_table(reader, cursor, table, lake / prefix)


def _load_table(reader: Any, cursor: Any, table: str, folder: Path) -> None:
    files = (
        f"read_parquet('{folder}/**/*.parquet', hive_partitioning=true, "
        "hive_types_autocast=false, union_by_name=true)"
    )
    described = reader.execute(f"describe select * from {files}").fetchall()
    kinds = {name: kind for name, kind, *_ in described}
    selected, declared = [], []
    for name, kind in kinds.items():
        if kind in TYPES:
            selected.append(name)
            declared.append(f"{name} {TYPES[kind]}")
        elif not kind.endswith("[]"):
            raise TypeError(f"silver.{table}.{name} is a {kind}; add it to TYPES")
        elif f"{name}_json" not in kinds:
            selected.append(f"cast(to_json({name}) as varchar)")
            declared.append(f"{name}_json {TYPES['VARCHAR']}")
    cursor.execute(f"create table {SCHEMA}.{table} ({', '.join(declared)})")
    with tempfile.TemporaryDirectory() as folder_of_csv:
        file = Path(folder_of_csv) / "rows.csv"
        reader.execute(f"copy (select {', '.join(selected)} from {files}) to '{file}' ({CSV})")
        with file.open() as rows:
            cursor.copy_expert(f"copy {SCHEMA}.{table} from stdin (format csv, null '\\N')", rows)
