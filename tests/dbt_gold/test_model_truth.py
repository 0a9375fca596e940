"""The built database is the specified one: tables, columns, types and listed members."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pycountry
import pytest

from dbt_gold.tools import truth
from tests.dbt_gold.conftest import Gold
from tests.dbt_gold.part import dbt, part_of_the_project
from tests.dbt_gold.project import Node, Project


@pytest.fixture(scope="module")
def project(gold: Gold, generated_lake: Path) -> Project:
    return gold(generated_lake)


@pytest.fixture(scope="module")
def database(project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(project.database), read_only=True) as connection:
        yield connection


def test_the_81_tables_and_nothing_else_are_built(database: duckdb.DuckDBPyConnection) -> None:
    built = [t for t in truth.built_columns(database) if not t.startswith(("seed_", "stg_"))]
    kinds = Counter(kind for table in built for kind in truth.KINDS if table.startswith(kind))
    assert dict(kinds) == truth.KINDS
    others = {t for t in built if not t.startswith(tuple(truth.KINDS))}
    assert others == {"reconciliation_silver_gold", "late_arriving_data", "int_skill_mentions"}


def test_columns_and_types_are_those_of_columns_csv(database: duckdb.DuckDBPyConnection) -> None:
    assert truth.table_differences(database) == []


def test_the_fact_has_its_97_columns_and_six_of_the_pipeline(
    database: duckdb.DuckDBPyConnection,
) -> None:
    names = [column for column, _ in truth.built_columns(database)["fact_job_posting"]]
    assert len(names) == 103
    keys = [name for name in names if name.endswith("_key")]
    assert len(keys) == 38
    assert names[97:] == [
        "posted_at",
        "ingestion_timestamp",
        "dbt_updated_at",
        "has_ai_enrichment",
        "is_application_open",
        "enriched_at",
    ]


def test_members_are_those_of_members_csv(database: duckdb.DuckDBPyConnection) -> None:
    assert truth.member_differences(database) == []


def test_members_csv_has_every_dimension_with_a_list() -> None:
    """55 less date, time, company, location, skill and country, which have no list of members."""
    members = {cell[0]: set[str]() for cell in truth.documented_members()}
    for dimension, key, *_ in truth.documented_members():
        members[dimension].add(key)
    assert len(members) == 49
    assert sum(len(keys - {"-1"}) for keys in members.values()) == 438
    without = {d for d, keys in members.items() if "-1" not in keys}
    assert len(without) == 29  # those have a member of their own for missing values


def test_countries_are_those_of_iso_3166(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "select country_key, country_code from gold.dim_country "
        f"where country_key between 1 and {truth.GREATEST_LISTED_KEY}"
    ).fetchall()
    assert sorted(rows) == sorted((int(c.numeric), c.alpha_2) for c in pycountry.countries)


def test_days_from_2020_to_2030(database: duckdb.DuckDBPyConnection) -> None:
    assert rows(database, "select count(*), count(distinct date_key) from gold.dim_date") == [
        (4019, 4019)
    ]
    assert rows(
        database,
        "select date_key, year, quarter, month, month_name, week_of_year, day_of_month, "
        "day_of_week, day_name, is_weekend from gold.dim_date "
        "where date_key in (20200101, 20240229, 20241230, 20251218, 20301231) order by 1",
    ) == [
        (20200101, 2020, 1, 1, "January", 1, 1, 3, "Wednesday", False),
        (20240229, 2024, 1, 2, "February", 9, 29, 4, "Thursday", False),
        (20241230, 2024, 4, 12, "December", 1, 30, 1, "Monday", False),
        (20251218, 2025, 4, 12, "December", 51, 18, 4, "Thursday", False),
        (20301231, 2030, 4, 12, "December", 1, 31, 2, "Tuesday", False),
    ]
    assert rows(
        database,
        "select min(full_date)::varchar, max(full_date)::varchar, "
        "count(*) filter (is_weekend) from gold.dim_date",
    ) == [("2020-01-01", "2030-12-31", 1148)]


def test_minutes_of_the_day(database: duckdb.DuckDBPyConnection) -> None:
    assert rows(database, "select count(*), count(distinct time_key) from gold.dim_time") == [
        (1441, 1441)
    ]
    assert rows(
        database, "select * from gold.dim_time where time_key in (0, 859, 1430, 2359) order by 1"
    ) == [
        minute(0, 0, 12, 0, "AM", "Night", "00:00-00:30 00:00-01:00 00:00-04:00", "--", "12 AM"),
        minute(
            859,
            8,
            8,
            59,
            "AM",
            "Early Morning",
            "08:30-09:00 08:00-09:00 08:00-12:00",
            "--",
            "8 AM",
        ),
        minute(
            1430, 14, 2, 30, "PM", "Afternoon", "14:30-15:00 14:00-15:00 12:00-16:00", "bp", "2 PM"
        ),
        minute(
            2359, 23, 11, 59, "PM", "Night", "23:30-00:00 23:00-00:00 20:00-00:00", "--", "11 PM"
        ),
    ]


def test_every_dimension_has_one_member_for_what_is_unknown(
    database: duckdb.DuckDBPyConnection,
) -> None:
    """Either a listed one or -1, never both and never none."""
    listed = {"Unknown", "Not Mentioned", "Not Disclosed"}
    tables = truth.built_columns(database)
    unknown = {}
    for table, columns in tables.items():
        if table.startswith("dim_"):
            names = [name for name, kind in columns if kind == "varchar"]
            anywhere = " or ".join(f"{name} in {tuple(listed)}" for name in names)
            unknown[table] = rows(database, f"select count(*) from gold.{table} where {anywhere}")[
                0
            ][0]
    assert len(unknown) == 55
    # A text that no country could be read from is a place of its own, with country name Unknown.
    assert {t: n for t, n in unknown.items() if n != 1 and t != "dim_location"} == {}


def test_an_altered_seed_shows(tmp_path: Path) -> None:
    """A changed attribute, a removed and an added member, each in a seed of its own."""
    seeds = ["pay_type", "education", "orchestrator", "team_size"]
    project = part_of_the_project(tmp_path, seeds)
    alter(project, "pay_type", "2,Hourly Rate,false,true", "2,Hourly Rate,true,true")
    alter(project, "education", "3,Associates,3,2\n", "")
    alter(project, "orchestrator", "6,Luigi/Argo", '9,Cron,"cron, systemd"\n6,Luigi/Argo')
    dbt(project, "build")
    with duckdb.connect(str(project / "analytics.duckdb")) as connection:
        dimensions = {f"dim_{seed}" for seed in seeds}
        documented = {c for c in truth.documented_members() if c[0] in dimensions}
        built = truth.built_members(connection, dimensions)
    assert documented - built == {
        ("dim_pay_type", "2", "is_salary", "false"),
        ("dim_education", "3", "education_level", "Associates"),
        ("dim_education", "3", "education_order", "3"),
        ("dim_education", "3", "typical_years", "2"),
    }
    assert built - documented == {
        ("dim_pay_type", "2", "is_salary", "true"),
        ("dim_orchestrator", "9", "orchestrator_category", "Cron"),
        ("dim_orchestrator", "9", "examples", "cron, systemd"),
    }


def test_a_changed_table_shows(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "analytics.duckdb"
    shutil.copy(project.database, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("alter table gold.dim_seniority alter years_min type bigint")
        connection.execute("alter table gold.dim_benefit drop column category")
        connection.execute("drop table gold.agg_skills_demand")
        connection.execute("create table gold.dim_weather (weather_key integer)")
        found = truth.table_differences(connection)
    assert found == [
        "agg_skills_demand is in columns.csv but was not built",
        "dim_benefit: lacks [('category', 'varchar')], has []",
        "dim_seniority: lacks [('years_min', 'integer')], has [('years_min', 'bigint')]",
        "dim_weather was built but is not in columns.csv",
    ]


def test_a_value_that_no_map_knows_is_a_warning(
    project: Project, copied: Callable[[Project], Project]
) -> None:
    changed = copied(project)
    changed.execute(
        "update staging.stg_ai_enrichment set ext_pay_type = 'barter' "
        "where job_posting_id = (select min(job_posting_id) from staging.stg_ai_enrichment)"
    )
    nodes = outcomes(changed, "test_name:known_silver_value")
    assert len(nodes) == 36
    assert [(node.name, node.failures) for node in nodes if node.status == "warn"] == [
        ("known_silver_value_stg_ai_enrichment_ext_pay_type__dim_pay_type", 1)
    ]


def test_a_row_twice_in_a_bridge_fails(
    project: Project, copied: Callable[[Project], Project]
) -> None:
    changed = copied(project)
    changed.execute(
        "insert into gold.bridge_job_benefits "
        "select bridge_key + 1, * exclude (bridge_key) from gold.bridge_job_benefits limit 1"
    )
    nodes = outcomes(changed, "bridge_job_benefits,test_name:unique_combination")
    assert [(node.status, node.failures) for node in nodes] == [("fail", 1)]


def outcomes(project: Project, selection: str) -> list[Node]:
    return [n for n in project.run("test", "--select", selection) if n.kind == "test"]


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def minute(
    key: int,
    hour: int,
    twelve: int,
    of: int,
    half: str,
    part: str,
    buckets: str,
    at: str,
    hour_label: str,
) -> tuple[object, ...]:
    """A row of dim_time; at: `b` for business hours, `p` for the peak of postings."""
    flags = ("b" in at, "p" in at)
    return (key, hour, twelve, of, half, part, *buckets.split(), *flags, hour_label)


def alter(project: Path, seed: str, old: str, new: str) -> None:
    path = project / "seeds" / f"seed_{seed}.csv"
    content = path.read_text()
    assert content.count(old) == 1
    path.write_text(content.replace(old, new))
