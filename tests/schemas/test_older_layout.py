"""The older layout of enriched rows comes through its converter with the contract's schema."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common import contract
from embedded_aws.model.rules import extract, read_prompt
from tests.older_layout import convert
from tests.shared_data import SHARED


def converted(older: pa.Table) -> pa.Table:
    file = io.BytesIO()
    convert(older, file)
    return pq.read_table(io.BytesIO(file.getvalue()))


def older_row(**columns: Any) -> dict[str, Any]:
    prompt = read_prompt(
        "pass: pass1", "=== posting begins ===\nTitle: Data Engineer\n=== posting ends ==="
    )
    answers: dict[str, Any] = {}
    for name in ("pass1", "pass2", "pass3"):
        answers |= extract(name, prompt.posting, {})
    return {
        "job_posting_id": "1",
        "model_id": "some.model",
        "enriched_at": "2026-01-31 06:00:00",
        "job_title": "Data Engineer",
        "company_name": "Example",
        "job_location": "Lisbon",
        "source_system": "linkedin",
        **{
            f"{root}_json": json.dumps(answers[root])
            for root in ("extraction", "inference", "analysis", "summary")
        },
        **columns,
    }


def test_a_row_becomes_a_row_of_the_contract() -> None:
    table = converted(pa.Table.from_pylist([older_row()]))

    assert table.schema.equals(contract.arrow_schema())
    row = table.to_pylist()[0]
    assert row["pass3_success"] is True
    assert row["enrichment_model_pass1"] == "some.model"
    assert row["enriched_at"].isoformat() == "2026-01-31T06:00:00"


def test_an_unusable_pass_flags_its_row_and_keeps_the_earlier_ones() -> None:
    row = converted(pa.Table.from_pylist([older_row(inference_json=None)])).to_pylist()[0]

    assert [row[f"pass{number}_success"] for number in (1, 2, 3)] == [True, False, False]
    assert row["enrichment_errors"].startswith("Pass 2: ")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["silver_ai_001", "silver_ai_002"])
def test_the_recorded_rows_come_through(name: str) -> None:
    older = pq.read_table(SHARED / f"ai_enrichment/{name}.parquet")

    table = converted(older)

    assert table.schema.equals(contract.arrow_schema())
    assert table.num_rows == older.num_rows
    assert all(table["pass3_success"].to_pylist())
