"""The Silver-AI contract."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common import contract
from tests.shared_data import SHARED

COLUMNS = contract.columns()


def test_it_has_silver_then_the_flat_columns_then_lists_as_text_then_metadata() -> None:
    roots = [column.root for column in COLUMNS]
    assert Counter(roots) == {
        "silver": 30,
        "extraction": 59,
        "inference": 100,
        "analysis": 116,
        "summary": 13,
        "json": 28,
        "metadata": 21,
    }
    assert list(dict.fromkeys(roots)) == list(Counter(roots))
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_every_list_has_a_companion_of_text() -> None:
    lists = [column.name for column in COLUMNS if pa.types.is_list(column.type)]
    companions = [column for column in COLUMNS if column.root == "json"]
    assert [column.path[0] for column in companions] == lists
    assert all(column.name == f"{column.path[0]}_json" for column in companions)
    assert all(column.type == pa.string() for column in companions)


def test_wrapped_fields_have_their_four_columns() -> None:
    wrapped = [column for column in COLUMNS if column.root in ("inference", "analysis")]
    endings = ("value", "confidence", "evidence", "source")
    assert [column.path[-1] for column in wrapped] == list(endings) * 54
    for base, confidence, evidence, source in zip(*[iter(wrapped)] * 4, strict=True):
        assert confidence.type == pa.float64()
        assert evidence.type == source.type == pa.string()
        assert [confidence.name, evidence.name, source.name] == [
            f"{base.name}_{ending}" for ending in endings[1:]
        ]


def test_only_what_each_row_has_is_required() -> None:
    assert [column.name for column in COLUMNS if not column.nullable] == [
        "enrichment_version",
        "pass1_success",
        "pass2_success",
        "pass3_success",
    ]


def test_timestamps_are_microseconds() -> None:
    stamps = [column for column in COLUMNS if pa.types.is_timestamp(column.type)]
    assert [column.name for column in stamps] == [
        "scraped_at",
        "job_posted_datetime",
        "enriched_at",
    ]
    assert all(column.type == pa.timestamp("us") for column in stamps)


@pytest.mark.parametrize(("name", "root"), [("pass1", "extraction"), ("pass2", "inference")])
def test_the_flat_columns_are_the_fields_of_the_schemas(name: str, root: str) -> None:
    assert _sections(name, root) == _columns(root)


def test_the_flat_columns_are_the_fields_of_pass_3() -> None:
    assert _sections("pass3", "analysis") == _columns("analysis")
    schema = json.loads((_schemas() / "pass3.json").read_text())
    fields = set(schema["properties"]["summary"]["properties"])
    assert fields == {column.path[0] for column in COLUMNS if column.root == "summary"}


@pytest.mark.shared
def test_silvers_columns_are_those_of_the_sample() -> None:
    sample = pq.ParquetFile(SHARED / "postings" / "silver_postings.parquet").schema_arrow
    ours = contract.silver_schema()
    assert ours.names == sample.names
    for field in sample:
        stamp = pa.types.is_timestamp(field.type)
        assert ours.field(field.name).type == (pa.timestamp("us") if stamp else field.type)


def _sections(name: str, root: str) -> set[tuple[str, str]]:
    schema = json.loads((_schemas() / f"{name}.json").read_text())
    sections = schema["properties"][root]["properties"]
    return {(section, field) for section in sections for field in sections[section]["properties"]}


def _columns(root: str) -> set[tuple[str, ...]]:
    return {column.path[:2] for column in COLUMNS if column.root == root}


def _schemas() -> Path:
    return Path(__file__).parents[3] / "schemas"
