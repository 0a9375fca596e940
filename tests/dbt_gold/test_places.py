"""What holds for any place text; 46 places with their parts are dbt's unit test."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt_gold.part import dbt, part_of_the_project

SEEDS = ["country", "country_alias", "state", "metropole", "world_region"]
WORDS = ["Austin", "TX", "Texas", "ON", "Berlin", "Germany", "de", "UNITED STATES", "Georgia"]
WORDS += ["Latin America", "Greater Boston Area", "Lagos State", "Nowhere", "CA", "  India "]
tokens = st.one_of(st.sampled_from(WORDS), st.text(" abcAé'.-%_", max_size=8))
places = st.lists(tokens, min_size=1, max_size=5).map(",".join)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, str]:
    """A database with the seeds, and the statement that parses its table `postings`."""
    project: Path = part_of_the_project(tmp_path_factory.mktemp("places"), seeds=SEEDS)
    dbt(project, "seed")
    inline = "{{ parsed_locations('postings') }}"
    statement = dbt(project, "compile", "--quiet", "--inline", inline)
    connection = duckdb.connect(str(project / "analytics.duckdb"))
    connection.execute("create table postings (job_location varchar)")
    return connection, statement


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(places, min_size=1, max_size=20))
def test_every_text_is_one_place(
    database: tuple[duckdb.DuckDBPyConnection, str], texts: list[str]
) -> None:
    connection, statement = database
    connection.execute("delete from postings")
    connection.executemany("insert into postings values (?)", [[text] for text in [*texts, *texts]])
    regions = dict(
        connection.execute("select country_code, region from gold.seed_country").fetchall()
    )
    found = connection.execute(statement).fetchall()
    assert sorted(row[0] for row in found) == sorted(set(texts))
    for text, city, state, country, region in found:
        assert city != "", text
        assert state != "", text
        if country == "ZZ":
            assert (state, region) == (None, None), text
        elif country is None:
            assert (city, state) == (None, None), text
            assert region is not None, text
        else:
            assert region == regions[country], text
