"""The function against S3: what is written, what comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from parse_response import handler as module
from parse_response.handler import handler

Blank = Callable[[str], dict[str, Any]]

ROOT = Path(__file__).resolve().parents[3]
BUCKET = "bronze"
KEY = "0123456789abcdef" * 4
STEM = "ai_enrichment/42/pass1-openai-gpt-oss-120b-1-0-0123456789ab"


@pytest.fixture(autouse=True)
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "BRONZE_BUCKET": BUCKET,
        "BRONZE_PREFIX": "ai_enrichment/",
        "METRICS_NAMESPACE": "Jobs",
        "STACK": "test",
    }.items():
        monkeypatch.setenv(name, value)
    from common.aws import client

    client.cache_clear()
    module._bronze.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        yield s3
    client.cache_clear()
    module._bronze.cache_clear()


def event(text: str | None, stop: str = "stop", pass_name: str = "pass1") -> dict[str, Any]:
    return {
        "pass": {
            "name": pass_name,
            "model": "openai.gpt-oss-120b-1:0",
            "slug": "openai-gpt-oss-120b-1-0",
            "envelope": "openai",
            "version": "v1",
            "price": {"input": 0.15, "output": 0.6},
            "context_chars": 8000,
            "key": KEY,
        },
        "posting": {
            "job_posting_id": "42",
            "content_hash": "c" * 64,
            "source": "s3://silver/x",
            "title": "Data Engineer – München",
            "company": "ACME",
            "location": "not specified",
            "text": "no description",
            "partition": "2026/01/31/06",
        },
        "response": {
            "choices": [{"message": {"content": text}, "finish_reason": stop}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 500},
        },
        "attempt": 2,
        "spent": {"input_tokens": 10, "output_tokens": 20, "cost_usd": 0.001},
        "execution": "arn:aws:states:us-east-1:123456789012:execution:m:e",
        "run": "run-1",
        "now": "2026-01-31T06:00:00.000Z",
    }


def stored(s3: Any, key: str) -> str:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body.decode("utf-8")


def keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_an_accepted_answer(s3: Any, blank: Blank) -> None:
    # GIVEN a fenced answer with one thing to repair
    given = blank("pass1")
    given["extraction"]["work_model"]["work_model_stated"] = None
    text = f"```json\n{json.dumps(given)}\n```"

    answer = handler(event(text), None)

    # THEN the outcome carries totals of all attempts, keys and a context, not the result
    extraction = blank("pass1")["extraction"]
    context = json.dumps(extraction, separators=(",", ":"))
    assert answer == {
        "outcome": "ok",
        "error": None,
        "warnings": 1,
        "input_tokens": 1010,
        "output_tokens": 520,
        "cost_usd": 0.00145,
        "context": context,
        "bronze_key": f"{STEM}.json",
        "raw_key": f"{STEM}-raw.txt",
    }
    # AND Bronze holds the text as it came, and the result with all that is known of it
    assert stored(s3, f"{STEM}-raw.txt") == text
    assert json.loads(stored(s3, f"{STEM}.json")) == {
        "metadata": {
            "timestamp": "2026-01-31T06:00:00.000Z",
            "job_posting_id": "42",
            "content_hash": "c" * 64,
            "pass_name": "pass1",
            "model_id": "openai.gpt-oss-120b-1:0",
            "key": KEY,
            "pass_version": "v1",
            "job_title": "Data Engineer – München",
            "company_name": "ACME",
            "job_location": "not specified",
            "input_tokens": 1010,
            "output_tokens": 520,
            "cost_usd": 0.00145,
            "attempts": 2,
            "warnings": ['extraction.work_model.work_model_stated: null became "not_mentioned"'],
            "execution": "arn:aws:states:us-east-1:123456789012:execution:m:e",
            "run": "run-1",
            "extraction_complete": True,
            "fields_found": 0,
            "fields_null": 28,
        },
        "result": extraction,
        "context": context,
    }


def test_pass_3_stores_both_roots_and_no_context(s3: Any, blank: Blank) -> None:
    given = event(json.dumps(blank("pass3")), pass_name="pass3")
    given["pass"]["context_chars"] = 0

    answer = handler(given, None)

    assert (answer["outcome"], answer["context"]) == ("ok", None)
    document = json.loads(stored(s3, answer["bronze_key"]))
    assert document["result"] == blank("pass3")
    assert document["context"] is None


@pytest.mark.parametrize(
    ("text", "stop", "outcome", "error"),
    [
        ("{", "length", "truncated", "The answer was cut at the output limit."),
        (None, "length", "truncated", "The answer was cut at the output limit."),
        ('{"extraction"', "stop", "truncated", "The answer ends inside its JSON object."),
        (None, "stop", "no_json", "The answer holds no JSON object."),
        ("<reasoning>hm</reasoning>", "stop", "no_json", "The answer holds no JSON object."),
        ("{]}", "stop", "malformed", "The answer is no JSON and cannot be repaired."),
        ('{"a": 1}', "stop", "schema", "The answer has no object extraction."),
    ],
)
def test_an_unusable_answer(s3: Any, text: str | None, stop: str, outcome: str, error: str) -> None:
    answer = handler(event(text, stop), None)

    assert answer == {
        "outcome": outcome,
        "error": error,
        "warnings": 0,
        "input_tokens": 1010,
        "output_tokens": 520,
        "cost_usd": 0.00145,
        "context": None,
        "bronze_key": None,
        "raw_key": f"{STEM}-raw.txt",
    }
    assert stored(s3, f"{STEM}-raw.txt") == (text or "")
    assert keys(s3) == [f"{STEM}-raw.txt"]


def test_a_complete_answer_at_the_output_limit_is_truncated(blank: Blank) -> None:
    assert handler(event(json.dumps(blank("pass1")), "length"), None)["outcome"] == "truncated"


def test_an_unknown_envelope(s3: Any) -> None:
    given = event("{}") | {"response": {"output": {"message": "Hällo"}}}

    answer = handler(given, None)

    assert answer["outcome"] == "envelope"
    assert answer["error"] == "The response has no choices[0].message."
    assert (answer["input_tokens"], answer["cost_usd"], answer["warnings"]) == (10, None, 1)
    assert json.loads(stored(s3, answer["raw_key"])) == {"output": {"message": "Hällo"}}


def test_an_unknown_price(s3: Any, blank: Blank) -> None:
    given = event(json.dumps(blank("pass1")))
    given["pass"]["price"] = None

    answer = handler(given, None)

    metadata = json.loads(stored(s3, answer["bronze_key"]))["metadata"]
    assert (answer["cost_usd"], answer["warnings"], metadata["cost_usd"]) == (None, 1, None)
    assert metadata["warnings"] == ["cost_usd: the model has no known price"]


def test_characters_that_are_no_utf8_do_not_fail(s3: Any, blank: Blank) -> None:
    given = blank("pass1")
    given["extraction"]["context"]["team_info_text"] = "a\ud800b"

    answer = handler(event(f"\ud800 {json.dumps(given)}"), None)

    assert (answer["outcome"], answer["warnings"]) == ("ok", 1)
    result = json.loads(stored(s3, answer["bronze_key"]))["result"]
    assert result["context"]["team_info_text"] == "a\ufffdb"


def test_an_s3_failure_raises(s3: Any) -> None:
    s3.delete_bucket(Bucket=BUCKET)

    with pytest.raises(s3.exceptions.NoSuchBucket):
        handler(event("{}"), None)


def test_a_retry_overwrites(s3: Any, blank: Blank) -> None:
    handler(event("{]}"), None)
    handler(event(json.dumps(blank("pass1"))), None)

    assert keys(s3) == [f"{STEM}-raw.txt", f"{STEM}.json"]
    assert stored(s3, f"{STEM}-raw.txt") == json.dumps(blank("pass1"))


def test_importing_it_is_quick_and_loads_no_boto3() -> None:
    code = (
        "import time; start = time.process_time(); import parse_response.handler; "
        "import sys; print(time.process_time() - start, 'boto3' in sys.modules)"
    )
    folder = ROOT / "functions"

    runs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(3)
    ]

    assert {loaded for _, loaded in runs} == {"False"}
    assert min(float(seconds) for seconds, _ in runs) < 0.25


def published(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line that the function logged."""
    line: dict[str, Any] = json.loads(capsys.readouterr().out)
    return line


def test_a_log_line_counts_the_pass_and_its_cost(
    blank: Blank, capsys: pytest.CaptureFixture[str]
) -> None:
    handler(event(json.dumps(blank("pass1"))), None)

    line = published(capsys)
    assert line["_aws"] == {
        "Timestamp": 1769839200000,
        "CloudWatchMetrics": [
            {
                "Namespace": "Jobs",
                "Dimensions": [["Stack"]],
                "Metrics": [
                    {"Name": "CallCostUSD", "Unit": "None"},
                    {"Name": "PassesSucceeded", "Unit": "Count"},
                ],
            }
        ],
    }
    # AND the cost is that of this answer, not of the attempts before it
    assert line["CallCostUSD"] == pytest.approx(0.00045)
    assert (line["Stack"], line["PassesSucceeded"], line["Outcome"]) == ("test", 1, "ok")


def test_an_answer_that_cannot_be_used_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    handler(event("Sorry."), None)

    line = published(capsys)
    assert "PassesSucceeded" not in line
    assert (line["Outcome"], line["CallCostUSD"]) == ("no_json", pytest.approx(0.00045))


def test_an_unknown_cost_is_no_metric(capsys: pytest.CaptureFixture[str]) -> None:
    unpriced = event("Sorry.")
    unpriced["pass"]["price"] = None
    handler(unpriced, None)

    assert "CallCostUSD" not in published(capsys)


def test_no_text_of_a_posting_is_logged(blank: Blank, capsys: pytest.CaptureFixture[str]) -> None:
    given = event(json.dumps(blank("pass1")))
    handler(given, None)

    logged = capsys.readouterr().out
    assert not [name for name in ("title", "company", "text") if given["posting"][name] in logged]
