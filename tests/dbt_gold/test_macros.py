"""Every portable macro gives the same on DuckDB and on what stands in for Redshift."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import redshift_connector

from tests.dbt_gold.part import dbt, part_of_the_project
from tests.dbt_gold.project import FOLDER
from tests.dbt_gold.redshift import postgres, wire
from tests.dbt_gold.redshift.warehouse import CATALOG

NEXT = "-- next --"


def key(*parts: str | None) -> int:
    """The documented key: 60 bits of the MD5 of the parts, joined by |, NULL as ~."""
    joined = "|".join("~" if part is None else part for part in parts)
    return int(hashlib.md5(joined.encode()).hexdigest()[:15], 16)


# Expressions of one row: jinja, and what it gives.
EXPRESSIONS: dict[str, tuple[str, Any]] = {
    "hash of texts": ("{{ hash_key([\"'a'\", \"'b'\"]) }}", key("a", "b")),
    "hash with null": ("{{ hash_key([\"'a'\", 'cast(null as varchar(5))']) }}", key("a", None)),
    "hash of a number": ("{{ hash_key(['42']) }}", key("42")),
    "hash of a day": ("{{ hash_key([\"date '2025-03-01'\"]) }}", key("2025-03-01")),
    "hash of accents": ("{{ hash_key([\"'São Paulo'\"]) }}", key("São Paulo")),
    "length of a list": ("{{ json_array_length(\"'[1, 2, 3]'\") }}", 3),
    "length of an empty list": ("{{ json_array_length(\"'[]'\") }}", 0),
    "length of no list": ("{{ json_array_length(\"'text'\") }}", None),
    "length of null": ("{{ json_array_length('cast(null as varchar(9))') }}", None),
    "list contains": ('{{ json_array_contains("\'[\\"a\\", \\"bc\\"]\'", \'bc\') }}', True),
    "list lacks a part": ('{{ json_array_contains("\'[\\"a\\", \\"bc\\"]\'", \'b\') }}', False),
    "replace all": ("{{ regexp_replace_all(\"'a  b   c'\", ' +', '_') }}", "a_b_c"),
    "matches": ("{{ regexp_like(\"'DP-203 exam'\", '[0-9]+') }}", True),
    "does not match": ("{{ regexp_like(\"'exam'\", '[0-9]+') }}", False),
    "squeezed": ("{{ squeeze(\"'  a   b '\") }}", "a b"),
    "squeezed to nothing": ("{{ squeeze(\"'   '\") }}", None),
    "a part": ("{{ part(\"'Austin, TX'\", ',', 2) }}", "TX"),
    "a part out of range": ("{{ part(\"'Austin, TX'\", ',', 3) }}", None),
    "cut": ("length({{ cut_text(\"repeat('é', 3000)\") }})", 256),
    "not cut": ("{{ cut_text(\"'short'\") }}", "short"),
    "true as text": ("{{ bool_text('1 = 1') }}", "true"),
    "false as text": ("{{ bool_text('1 = 2') }}", "false"),
    "unknown as text": ("{{ bool_text('1 = cast(null as integer)') }}", None),
    "day": ("{{ date_key(\"timestamp '2025-12-18 14:30:00'\") }}", 20251218),
    "no day": ("{{ date_key('cast(null as timestamp)') }}", None),
    "minute": ("{{ time_key(\"timestamp '2025-12-18 14:30:59'\") }}", 1430),
    "ISO week": ("{{ iso_week_key(\"date '2025-12-18'\") }}", 202551),
    "ISO week of the next year": ("{{ iso_week_key(\"date '2024-12-30'\") }}", 202501),
    "ISO week of the last year": ("{{ iso_week_key(\"date '2027-01-01'\") }}", 202653),
    "Monday": ("{{ iso_day_of_week(\"date '2025-12-15'\") }}", 1),
    "Sunday": ("{{ iso_day_of_week(\"date '2025-12-21'\") }}", 7),
    "the day before": ("{{ add_days(\"date '2025-03-01'\", -1) }}", date(2025, 2, 28)),
    "a decimal": ("{{ safe_decimal('12.345', 5, 2) }}", Decimal("12.35")),
    "the greatest decimal": ("{{ safe_decimal('999.994', 5, 2) }}", Decimal("999.99")),
    "an overflow": ("{{ safe_decimal('1000.0', 5, 2) }}", None),
    "an overflow by rounding": ("{{ safe_decimal('999.996', 5, 2) }}", None),
    "a share": ("{{ safe_decimal('0.5', 2, 2) }}", Decimal("0.50")),
    "no share": ("{{ safe_decimal('0.999', 2, 2) }}", None),
    "a negative overflow": ("{{ safe_decimal('-1234567.0', 5, 2) }}", None),
    "no decimal": ("{{ safe_decimal('cast(null as double precision)', 5, 2) }}", None),
    "code": ("{{ member_key(\"' Data  Mesh-Patterns '\") }}", "data_mesh_patterns"),
    "text of a member": ("{{ member_key(\"' DP-203  Exam '\", 'text') }}", "dp-203 exam"),
    "place of a member": ("{{ member_key(\"' uk '\", 'place') }}", "UK"),
    "clock at the end of the day": ("{{ time_bucket('1439', 30) }}", "23:30-00:00"),
}

# Whole statements with their rows.
STATEMENTS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "unnested lists": (
        """
        select s.id, {{ unnest_value('item') }} as item
        from (
          select id, {{ json_array('list') }} as items
          from (
            select 1 as id, cast('["b", "a \\"q\\" é"]' as varchar(99)) as list
            union all select 2, '[]'
            union all select 3, '["z"]'
          ) as t
        ) as s {{ unnest_join('s.items', 'item') }}
        order by 1, 2
        """,
        [(1, 'a "q" é'), (1, "b"), (3, "z")],
    ),
    "series": (
        "select count(*), min(n), max(n), count(distinct n) "
        "from ({{ number_series(4018) }}) as numbers",
        [(4018, 0, 4017, 4018)],
    ),
    "median": (
        "select {{ percentile('x', 0.5, 12, 2) }}, {{ percentile('x', 0.25, 12, 2) }} from "
        "(select 10 as x union all select 20 union all select 40 union all select 81) as t",
        [(Decimal("30.00"), Decimal("17.50"))],
    ),
    "joined texts": (
        "select {{ joined_text('name', ', ', 'rank') }} from "
        "(select 'b' as name, 2 as rank union all select 'a', 1 union all select 'c', 3) as t",
        [("a, b, c",)],
    ),
}


def compiled(target: str, folder: Path) -> list[str]:
    """The statements as SQL of a target, without a connection: one of all expressions first."""
    listed = ",\n".join(f"{jinja} as c{n}" for n, (jinja, _) in enumerate(EXPRESSIONS.values()))
    texts = [f"select {listed}", *(text for text, _ in STATEMENTS.values())]
    words = ["compile", "--quiet", "--no-populate-cache", "--inline", f"\n{NEXT}\n".join(texts)]
    return dbt(part_of_the_project(folder), *words, target=target).split(NEXT)


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[Any, ...]]]:
    statements = compiled("duckdb", tmp_path_factory.mktemp("duckdb"))
    with duckdb.connect() as connection:
        connection.execute("set integer_division = true")
        return [connection.execute(statement).fetchall() for statement in statements]


@pytest.fixture(scope="module")
def on_redshift(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[list[tuple[Any, ...]]]]:
    statements = compiled("redshift", tmp_path_factory.mktemp("redshift"))
    with postgres.server() as port:
        postgres.connect(port).cursor().execute(CATALOG.read_text())
        with (
            wire.redshift(port) as public_port,
            redshift_connector.connect(
                host="127.0.0.1",
                port=public_port,
                user=postgres.SUPERUSER,
                password="-",
                database=postgres.DATABASE,
                ssl=False,
            ) as connection,
        ):
            found = []
            for statement in statements:
                cursor = connection.cursor()
                cursor.execute(statement)
                found.append([tuple(row) for row in cursor.fetchall()])
            yield found


@pytest.fixture(params=["duckdb", "redshift"])
def results(request: pytest.FixtureRequest) -> list[list[tuple[Any, ...]]]:
    found: list[list[tuple[Any, ...]]] = request.getfixturevalue(f"on_{request.param}")
    return found


def test_expressions(results: list[list[tuple[Any, ...]]]) -> None:
    (row,) = results[0]
    found = dict(zip(EXPRESSIONS, row, strict=True))
    assert found == {name: value for name, (_, value) in EXPRESSIONS.items()}


def test_statements(results: list[list[tuple[Any, ...]]]) -> None:
    found = dict(zip(STATEMENTS, results[1:], strict=True))
    assert found == {name: value for name, (_, value) in STATEMENTS.items()}


def test_every_dispatched_macro_is_tried_here() -> None:
    """A new macro with a form per engine needs a case above."""
    written = "\n".join(file.read_text() for file in (FOLDER / "macros" / "portable").glob("*.sql"))
    dispatched = {
        line.split("adapter.dispatch('")[1].split("'")[0]
        for line in written.splitlines()
        if "adapter.dispatch('" in line
    }
    cases = [jinja for jinja, _ in [*EXPRESSIONS.values(), *STATEMENTS.values()]]
    tried = {name for name in dispatched if any(f"{name}(" in case for case in cases)}
    # hash_key is the only way to md5_bigint.
    assert dispatched - tried == {"md5_bigint"}
    assert len(dispatched) > 5
