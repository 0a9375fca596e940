"""Compares a built DuckDB database with columns.csv and members.csv, both ways.

    python -m dbt_gold.tools.truth analytics.duckdb

members.csv (dimension, key, column, value) is transcribed from the specification and is not what
the seeds are made from, so an altered seed shows. An empty value is NULL.
"""

import re
import sys
from pathlib import Path

import duckdb

from dbt_gold.tools.tables import PROJECT, read_rows

KINDS = {"dim_": 55, "fact_": 1, "bridge_": 16, "agg_": 8, "job_confidence_": 1}
# Members that dimensions behind bridges find in Silver have hashes of 60 bits as keys.
GREATEST_LISTED_KEY = 100_000

REDSHIFT_TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "INTEGER": "integer",
    "TIMESTAMP": "timestamp",
    "VARCHAR": "varchar",
}

Cells = set[tuple[str, str, str, str]]


def documented_columns() -> dict[str, list[tuple[str, str]]]:
    """(column, type) of each table in order; the length of text is Redshift's alone."""
    tables: dict[str, list[tuple[str, str]]] = {}
    for row in read_rows(PROJECT / "columns.csv"):
        kind = re.sub(r"^varchar\(\d+\)$", "varchar", row["type"])
        tables.setdefault(row["table"], []).append((row["column"], kind))
    return tables


def built_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """(column, type) of each table of gold and staging, types as Redshift names them."""
    found = connection.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema in ('gold', 'staging') order by table_name, ordinal_position"
    ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in found:
        name = REDSHIFT_TYPES.get(kind, kind.lower())
        tables.setdefault(table, []).append((column, name))
    return tables


def table_differences(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables that only one side has, then columns and types that differ; one sentence each."""
    documented = documented_columns()
    built = built_columns(connection)
    members = {t for t in built if t.startswith("seed_") and t not in documented}
    documented |= {seed: documented[seed.replace("seed_", "dim_")] for seed in members}
    found = [f"{t} is in columns.csv but was not built" for t in documented.keys() - built.keys()]
    found += [f"{t} was built but is not in columns.csv" for t in built.keys() - documented.keys()]
    for table in sorted(documented.keys() & built.keys()):
        if documented[table] != built[table]:
            missing = [c for c in documented[table] if c not in built[table]]
            surplus = [c for c in built[table] if c not in documented[table]]
            what = f"lacks {missing}, has {surplus}" if missing or surplus else "order of columns"
            found.append(f"{table}: {what}")
    return sorted(found)


def documented_members() -> Cells:
    rows = read_rows(PROJECT / "members.csv")
    return {(r["dimension"], r["key"], r["column"], r["value"]) for r in rows}


def built_members(connection: duckdb.DuckDBPyConnection, dimensions: set[str]) -> Cells:
    """Every attribute of every listed member as text; those found in Silver are left out."""
    cells: Cells = set()
    for dimension in dimensions:
        rows = connection.execute(f"select * from gold.{dimension}")
        attributes = [column[0] for column in rows.description[1:]]
        for row in rows.fetchall():
            if row[0] is None or row[0] <= GREATEST_LISTED_KEY:
                values = zip(attributes, row[1:], strict=True)
                cells |= {(dimension, str(row[0]), name, text(value)) for name, value in values}
    return cells


def text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def member_differences(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Cells that only one side has; one sentence each."""
    documented = documented_members()
    built = built_members(connection, {cell[0] for cell in documented})
    found = [f"{cell_text(c)} is in members.csv but not in the table" for c in documented - built]
    found += [f"{cell_text(c)} is in the table but not in members.csv" for c in built - documented]
    return sorted(found)


def cell_text(cell: tuple[str, str, str, str]) -> str:
    dimension, key, column, value = cell
    return f"{dimension} {key}: {column} = {value or 'NULL'}"


def main() -> None:
    with duckdb.connect(str(Path(sys.argv[1])), read_only=True) as connection:
        found = table_differences(connection) + member_differences(connection)
    print("\n".join(found) or "as specified")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
