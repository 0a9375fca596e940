"""The generated lake: any size, repeatable, and everything that may occur occurs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common import contract
from tests.dbt_gold.generated import append, company_count, generate
from tests.dbt_gold.lake import COMPANIES, SILVER, SILVER_AI, hour_folder, moment
from tests.dbt_gold.words import leaf

ANSWERS = contract.columns_from("extraction", "inference", "analysis", "summary")


def contents(root: Path) -> dict[str, pa.Table]:
    """Relative name -> rows of every file."""
    files = sorted(root.rglob("*.parquet"))
    return {str(file.relative_to(root)): pq.ParquetFile(file).read() for file in files}


def read(root: Path, prefix: str) -> pa.Table:
    parts = [pq.ParquetFile(file).read() for file in sorted((root / prefix).rglob("*.parquet"))]
    return pa.concat_tables(parts)


def cells(column: pa.ChunkedArray) -> Iterator[Any]:
    """The values of a column, those of a list one by one; an empty list as ()."""
    for value in column.to_pylist():
        if isinstance(value, list):
            yield from value or [()]
        else:
            yield value


@pytest.fixture(scope="module")
def lake(generated_lake: Path) -> Path:
    return generated_lake


@pytest.fixture(scope="module")
def enriched(lake: Path) -> pa.Table:
    return read(lake, SILVER_AI)


def test_same_seed_same_rows(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, 130)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    generate(tmp_path / "three", 130, seed=8)
    assert contents(tmp_path / "three") != contents(tmp_path / "one")


def test_types_are_those_of_the_contract(lake: Path, enriched: pa.Table) -> None:
    assert enriched.schema.names == contract.arrow_schema().names
    silver = read(lake, SILVER)
    for table, wanted in ((silver, contract.silver_schema()), (enriched, contract.arrow_schema())):
        types = {field.name: field.type for field in table.schema}
        assert types == {field.name: field.type for field in wanted}


def test_nine_tenths_are_enriched(lake: Path, enriched: pa.Table) -> None:
    postings = read(lake, SILVER).num_rows
    assert postings == 2_000
    done = enriched["pass3_success"].to_pylist()
    assert 0.88 < sum(done) / postings < 0.93
    failed = [row for row in done if not row]
    assert 0.02 < len(failed) / postings < 0.08


def test_every_word_and_absence_occurs(enriched: pa.Table) -> None:
    for column in ANSWERS:
        allowed = leaf(column)
        seen = set(cells(enriched[column.name]))
        assert seen - {None}, column.name
        if allowed.kind in ("words", "list"):
            assert seen >= set(allowed.words), column.name
        if allowed.kind == "list":
            assert () in seen, column.name
        if allowed.kind == "boolean":
            assert seen >= {True, False}, column.name


def test_json_text_agrees_with_its_list(enriched: pa.Table) -> None:
    for column in contract.columns_from("json"):
        lists = enriched[column.path[0]].to_pylist()
        texts = enriched[column.name].to_pylist()
        assert [None if text is None else json.loads(text) for text in texts] == lists, column.name


def test_companies_have_versions(lake: Path) -> None:
    rows = read(lake, COMPANIES).to_pylist()
    sizes: dict[str, set[str]] = {}
    for row in rows:
        sizes.setdefault(row["company_id"], set()).add(row["company_size"])
    assert len(rows) == 3 * len(sizes)
    assert 0.2 < sum(len(found) == 2 for found in sizes.values()) / len(sizes) < 0.5
    assert len(sizes) < company_count(2_000)  # some companies have no profile


def test_more_postings_get_a_partition_of_their_own(tmp_path: Path) -> None:
    generate(tmp_path, 60)
    hour = moment("2026-02-01T06:00")
    append(tmp_path, hour, range(60, 100), company_count(60))
    files = list(hour_folder(tmp_path, SILVER, hour).iterdir())
    assert [pq.ParquetFile(file).metadata.num_rows for file in files] == [40]
    ids = read(tmp_path, SILVER)["job_posting_id"].to_pylist()
    assert len(ids) == len(set(ids)) == 100
