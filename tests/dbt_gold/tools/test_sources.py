"""The YAML of the sources follows the contract."""

from __future__ import annotations

from typing import Any

import yaml

from common import contract
from dbt_gold.tools import sources


def tables() -> dict[str, dict[str, Any]]:
    (silver,) = yaml.safe_load(sources.text())["sources"]
    return {table["name"]: table for table in silver["tables"]}


def test_the_file_is_what_the_generator_writes() -> None:
    assert sources.TARGET.read_text(encoding="utf-8") == sources.text()


def test_enrichment_has_every_plain_column_of_the_contract_and_the_partition() -> None:
    listed = {column["name"] for column in tables()["ai_enrichment"]["columns"]}
    lists = {column.name for column in contract.columns() if str(column.type).startswith("list")}
    hour = {"year", "month", "day", "hour"}
    assert listed == {column.name for column in contract.columns()} - lists | hour


def test_postings_have_silvers_columns_and_the_companion_that_the_models_read() -> None:
    listed = {column["name"] for column in tables()["linkedin"]["columns"]}
    assert {"scraped_at", "job_posted_datetime", "skills_canonical_json", "hour"} <= listed
    assert not any(name.startswith(("ext_", "inf_", "anl_")) for name in listed)


def test_each_source_says_when_it_is_stale_and_only_postings_stop_a_build() -> None:
    hours = {
        name: {level: limit["count"] for level, limit in table["config"]["freshness"].items()}
        for name, table in tables().items()
    }
    assert hours == {
        "linkedin": {"warn_after": 12, "error_after": 24},
        "ai_enrichment": {"warn_after": 24, "error_after": 48},
        "linkedin_companies": {"warn_after": 24},
    }
