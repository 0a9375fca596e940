"""All tables by the real dbt-redshift adapter, row for row those of DuckDB.

This shows that the models, contracts, incremental statements and seeds are SQL that the adapter
sends and a PostgreSQL takes, with equal results. It does not show Redshift's own planner, its
limits, or Spectrum; test_redshift_compile.py looks for words that only Redshift would refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_gold.generated import append, generate
from tests.dbt_gold.project import Project
from tests.dbt_gold.redshift.warehouse import Warehouse, warehouse

FIRST, SECOND = "2026-02-01 07:00:00", "2026-02-02 07:00:00"
POSTINGS = 400
Tables = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("redshift-lake")
    generate(root, POSTINGS)
    return root


@pytest.fixture(scope="module")
def duckdb(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("duckdb"), lake)
    project.build("--exclude-resource-type", "test")
    return project


@pytest.fixture(scope="module")
def redshift(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with warehouse(tmp_path_factory.mktemp("redshift")) as found:
        found.load(lake)
        yield found


@pytest.fixture(scope="module")
def statuses(redshift: Warehouse) -> dict[str, str]:
    return build(redshift, FIRST, "--exclude-resource-type", "test")


def test_every_node_runs_through_the_adapter(statuses: dict[str, str]) -> None:
    bad = {node: status for node, status in statuses.items() if not status.startswith(GOOD)}
    assert bad == {}


def test_every_table_equals_duckdbs(
    duckdb: Project, redshift: Warehouse, statuses: dict[str, str]
) -> None:
    assert differences(duckdb, redshift) == {}


@pytest.mark.slow
def test_after_an_increment_every_table_still_equals_duckdbs(
    duckdb: Project, redshift: Warehouse, statuses: dict[str, str], lake: Path
) -> None:
    append(lake, datetime(2026, 2, 2, 6), range(POSTINGS, POSTINGS + 40), 20)
    redshift.load(lake)
    since = {"last_good_build_started_at": FIRST}
    duckdb.build("--exclude-resource-type", "test", started_at=SECOND, **since)
    again = build(redshift, SECOND, **since)
    assert {node: status for node, status in again.items() if not status.startswith(GOOD)} == {}
    assert differences(duckdb, redshift) == {}


GOOD = ("success", "pass", "warn")


def build(
    redshift: Warehouse, started_at: str, *arguments: str, **variables: str
) -> dict[str, str]:
    """Seeds and models; unit tests have run on DuckDB."""
    excluded = ["--exclude-resource-type", "unit_test", *arguments]
    return redshift.run(
        "build",
        *excluded,
        run_id=f"run-{started_at}",
        run_started_at=started_at,
        **variables,
    )


def differences(duckdb: Project, redshift: Warehouse) -> dict[str, str]:
    """What differs, by table: its columns, its number of rows, or the first rows of each side."""
    found = {}
    for table in tables(duckdb):
        ours, theirs = columns(duckdb, table), redshift_columns(redshift, table)
        if sorted(ours) != sorted(theirs):
            found[table] = f"columns {sorted(set(ours) ^ set(theirs))}"
            continue
        listed = ", ".join(f'"{name}"' for name in sorted(ours))
        left = normal([tuple(r.values()) for r in duckdb.rows(f"select {listed} from {table}")])
        right = normal(redshift.query(f"select {listed} from {table}"))
        if left != right:
            found[table] = difference(sorted(ours), left, right)
    return found


def tables(duckdb: Project) -> list[str]:
    rows = duckdb.rows(
        "select table_schema || '.' || table_name as name from information_schema.tables "
        "where table_schema in ('gold', 'staging') order by 1"
    )
    return [row["name"] for row in rows]


def columns(duckdb: Project, table: str) -> list[str]:
    return [row["column_name"] for row in duckdb.rows(f"describe {table}")]


def redshift_columns(redshift: Warehouse, table: str) -> list[str]:
    schema, name = table.split(".")
    rows = redshift.query(
        "select column_name from information_schema.columns "
        f"where table_schema = '{schema}' and table_name = '{name}'"
    )
    return [row[0] for row in rows]


def normal(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(text(value) for value in row) for row in rows)


def text(value: Any) -> str:
    """Numbers to nine digits, since the engines sum in different orders; times without zone."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal | float | int):
        return f"{value:.9g}" if isinstance(value, float) else str(Decimal(value).normalize())
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return value.isoformat() if isinstance(value, date) else repr(value)


def difference(names: list[str], left: list[tuple[str, ...]], right: list[tuple[str, ...]]) -> str:
    if len(left) != len(right):
        return f"{len(left)} rows on DuckDB, {len(right)} on Redshift"
    ours, theirs = next(pair for pair in zip(left, right, strict=True) if pair[0] != pair[1])
    unequal = [
        f"{name}: {one} on DuckDB, {other} on Redshift"
        for name, one, other in zip(names, ours, theirs, strict=True)
        if one != other
    ]
    return "; ".join(unequal)
