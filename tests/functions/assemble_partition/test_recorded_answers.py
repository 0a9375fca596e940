"""Recorded answers of models: what parse_response stores is what assembly reads."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

import pytest

from assemble_partition.flatten import flatten
from assemble_partition.handler import handler as assemble
from common import contract
from common.postings import Posting
from parse_response import handler as parse_response
from tests.shared_data import SHARED
from tests.silver_lake import MADE_AT, NOW, PARTITION, RUN, Lake, posting, row

PASSES = ("pass1", "pass2", "pass3")

pytestmark = pytest.mark.shared


@pytest.fixture
def recorded(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A partition whose postings have recorded answers, a model per posting in turn."""
    monkeypatch.setenv("BRONZE_PREFIX", "ai_enrichment/")
    monkeypatch.setenv("METRICS_NAMESPACE", "Jobs")
    monkeypatch.setenv("STACK", "test")
    parse_response._bronze.cache_clear()
    texts = answers()
    lake.put_rows([row(identity) for identity in texts])
    for identity, by_pass in texts.items():
        store(lake, posting(identity), by_pass)
    yield assemble({"partition": PARTITION, "run": RUN, "assembled_at": NOW}, None)
    parse_response._bronze.cache_clear()


def test_they_fill_their_rows(lake: Lake, recorded: dict[str, Any]) -> None:
    assert recorded["rows"] == recorded["succeeded"] >= 40
    assert recorded["model_calls"] == 3 * recorded["rows"]
    written = lake.output_table()
    assert written.schema == contract.arrow_schema()
    assert written.column("enrichment_errors").null_count == written.num_rows
    for name in ("anl_overall_assessment", "avg_confidence_pass2", "inf_job_family_evidence"):
        assert written.column(name).null_count == 0, name
    assert written.column("enrichment_cost_usd").to_pylist() == [0.003] * written.num_rows


def test_nothing_that_was_validated_is_converted_again(
    lake: Lake, recorded: dict[str, Any]
) -> None:
    pages = lake.s3.get_paginator("list_objects_v2").paginate(Bucket="lake-bronze")
    keys = [entry["Key"] for page in pages for entry in page["Contents"]]
    results = [key for key in keys if key.endswith(".json")]
    assert len(results) == 3 * recorded["rows"]
    for key in results:
        stored = json.loads(lake.s3.get_object(Bucket="lake-bronze", Key=key)["Body"].read())
        roots = {"pass1": "extraction", "pass2": "inference"}
        root = roots.get(stored["metadata"]["pass_name"])
        _, warnings = flatten({root: stored["result"]} if root else stored["result"])
        assert warnings == [], key


def answers() -> dict[str, dict[str, str]]:
    """Posting id -> pass -> text, where a model answered all three passes."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    with (SHARED / "llm_raw" / "manifest.csv").open(newline="") as manifest:
        for entry in csv.DictReader(manifest):
            if entry["parse"] == "ok":
                by_model = found.setdefault(entry["job_posting_id"], {})
                by_model.setdefault(entry["model"], {})[entry["pass"]] = entry["file"]
    chosen = {}
    for number, (identity, by_model) in enumerate(sorted(found.items())):
        whole = [files for _, files in sorted(by_model.items()) if len(files) == len(PASSES)]
        files = whole[number % len(whole)]
        chosen[identity] = {
            name: (SHARED / "llm_raw" / file).read_text(encoding="utf-8")
            for name, file in files.items()
        }
    return chosen


def store(lake: Lake, found: Posting, by_pass: dict[str, str]) -> None:
    """Sends the texts through parse_response and notes the outcomes as the workflow does."""
    passes = {}
    for name in PASSES:
        answer = parse_response.handler(event(found, name, by_pass[name]), None)
        assert answer["outcome"] == "ok", answer["error"]
        entry = {
            "status": "COMPLETED",
            "bronze_key": answer["bronze_key"],
            "model": "model",
            "run": RUN,
            "at": MADE_AT,
        }
        numbers = {"input_tokens": "1000", "output_tokens": "100", "cost_usd": "0.001"}
        passes[name] = {
            "M": {
                **{key: {"S": value} for key, value in entry.items()},
                **{key: {"N": value} for key, value in numbers.items()},
                "attempts": {"N": "1"},
                "cached": {"BOOL": False},
            }
        }
    lake.put_item(found, overallStatus={"S": "COMPLETED"}, passes={"M": passes})


def event(found: Posting, name: str, text: str) -> dict[str, Any]:
    """An answer of an OpenAI-style model: 1,000 tokens in, 100 out, 0.001 USD."""
    message = {"message": {"content": text}, "finish_reason": "stop"}
    return {
        "pass": {
            "name": name,
            "model": "model",
            "slug": "model",
            "key": found.content_hash,
            "version": "prompt-1",
            "envelope": "openai",
            "context_chars": 8000,
            "price": {"input": 0.5, "output": 5.0},
        },
        "posting": {
            "job_posting_id": found.job_posting_id,
            "content_hash": found.content_hash,
            "title": found.title,
            "company": found.company,
            "location": found.location,
            "text": found.text,
        },
        "response": {
            "choices": [message],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
        },
        "attempt": 1,
        "spent": {"input_tokens": 0, "output_tokens": 0, "cost_usd": 0},
        "execution": "arn",
        "run": RUN,
        "now": MADE_AT,
    }
