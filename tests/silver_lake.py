"""Buckets and status table in memory, with rows, items and results as enrichment leaves them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from common import contract
from common.aws import client
from common.postings import Posting, posting_of

PARTITION = {"year": "2026", "month": "01", "day": "31", "hour": "06"}
HOUR = "year=2026/month=01/day=31/hour=06/"
RUN, OTHER_RUN = "run-1", "run-0"
NOW = "2026-01-31T07:30:00.000Z"
MADE_AT = "2026-01-31T07:00:00.000Z"
OUTPUT_KEY = f"linkedin_ai/{HOUR}data.parquet"
ENVIRONMENT = {
    "SILVER_BUCKET": "lake-silver",
    "BRONZE_BUCKET": "lake-bronze",
    "ARTIFACTS_BUCKET": "lake-artifacts",
    "STATUS_TABLE": "lake-status",
    "SILVER_PREFIX": "linkedin/",
    "SILVER_AI_PREFIX": "linkedin_ai/",
    "SCHEMA_VERSION": "3.4",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


class Lake:
    """Writes what the functions read and reads what they write."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.dynamodb = boto3.client("dynamodb")
        for bucket in ("lake-silver", "lake-bronze", "lake-artifacts"):
            self.s3.create_bucket(Bucket=bucket)
        keys = {"pk": "HASH", "sk": "RANGE"}
        self.dynamodb.create_table(
            TableName="lake-status",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )

    def put_rows(self, rows: Sequence[dict[str, Any]], name: str = "part-0.parquet") -> None:
        """A Silver file with the contract's schema."""
        self.put_table(pa.Table.from_pylist(list(rows), schema=contract.silver_schema()), name)

    def put_table(self, table: pa.Table, name: str = "part-0.parquet") -> None:
        """A Silver file of any schema."""
        self.put_silver(parquet(table), name)

    def put_silver(self, body: bytes, name: str) -> None:
        """Any object in the partition."""
        self.s3.put_object(Bucket="lake-silver", Key=f"linkedin/{HOUR}{name}", Body=body)

    def put_item(self, posting: Posting, **attributes: Any) -> None:
        """A posting's status item; attributes as DynamoDB writes them."""
        key = {"pk": {"S": f"posting#{posting.job_posting_id}"}, "sk": {"S": posting.content_hash}}
        self.dynamodb.put_item(TableName="lake-status", Item={**key, **attributes})

    def put_result(self, posting: Posting, name: str, **metadata: Any) -> str:
        """A pass's result in Bronze; returns its key."""
        key = bronze_key(posting, name)
        body = json.dumps(bronze_object(posting, name, **metadata)).encode()
        self.s3.put_object(Bucket="lake-bronze", Key=key, Body=body)
        return key

    def put_enriched(self, posting: Posting) -> None:
        """Item and results of a posting whose three passes this run has paid for."""
        for name in ("pass1", "pass2", "pass3"):
            self.put_result(posting, name)
        passes = {name: completed(posting, name) for name in ("pass1", "pass2", "pass3")}
        self.put_item(posting, overallStatus={"S": "COMPLETED"}, passes={"M": passes})

    def output(self) -> bytes:
        """The bytes of the Silver-AI object."""
        body: bytes = self.s3.get_object(Bucket="lake-silver", Key=OUTPUT_KEY)["Body"].read()
        return body

    def output_table(self) -> pa.Table:
        """The Silver-AI object."""
        return pq.ParquetFile(pa.BufferReader(self.output())).read()

    def items(self) -> list[dict[str, Any]]:
        """The work items of the run."""
        key = f"work/{RUN}/items.jsonl"
        body = self.s3.get_object(Bucket="lake-artifacts", Key=key)["Body"].read()
        return [json.loads(line) for line in body.split(b"\n") if line]


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A fresh lake; the functions' environment points at it."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client.cache_clear()
        yield Lake()
    client.cache_clear()


def row(identity: str | None = "1", **columns: Any) -> dict[str, Any]:
    """A Silver row."""
    return {
        "job_posting_id": identity,
        "source_system": "linkedin",
        "job_title": "Data Engineer",
        "company_name": "Amberline",
        "job_location": "Porto, Portugal",
        "job_description_text": "We build pipelines with Python.",
        **columns,
    }


def posting(identity: str = "1", **columns: Any) -> Posting:
    """The posting of a Silver row that has a usable id."""
    found = posting_of(row(identity, **columns))
    assert isinstance(found, Posting)
    return found


def parquet(table: pa.Table) -> bytes:
    """A Parquet file with `table`."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    body: bytes = sink.getvalue().to_pybytes()
    return body


def bronze_key(posting: Posting, name: str) -> str:
    """Where a pass's result lies."""
    return f"ai_enrichment/{posting.job_posting_id}/{name}-model-{posting.content_hash[:12]}.json"


def bronze_object(posting: Posting, name: str, **metadata: Any) -> dict[str, Any]:
    """A pass's result with all fields of its schema."""
    return {
        "metadata": {
            "timestamp": MADE_AT,
            "job_posting_id": posting.job_posting_id,
            "content_hash": posting.content_hash,
            "pass_name": name,
            "model_id": "model",
            "pass_version": "prompt-1",
            "input_tokens": 100,
            "output_tokens": 50,
            "cost_usd": 0.001,
            "attempts": 1,
            "warnings": [],
            **metadata,
        },
        "result": result(name),
        "context": "{}",
    }


def completed(posting: Posting, name: str, **attributes: Any) -> dict[str, Any]:
    """The entry of a completed pass in a status item's `passes`."""
    entry = {
        "status": {"S": "COMPLETED"},
        "bronze_key": {"S": bronze_key(posting, name)},
        "model": {"S": "model"},
        **_spent(attributes),
    }
    return {"M": entry}


def failed(error: str, **attributes: Any) -> dict[str, Any]:
    """The entry of a failed pass in a status item's `passes`."""
    entry = {
        "status": {"S": "FAILED"},
        "error": {"S": error},
        "model": {"S": "model"},
        **_spent(attributes),
    }
    return {"M": entry}


def _spent(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "input_tokens": {"N": "100"},
        "output_tokens": {"N": "50"},
        "cost_usd": {"N": "0.001"},
        "attempts": {"N": "1"},
        "cached": {"BOOL": False},
        "run": {"S": RUN},
        "at": {"S": MADE_AT},
        **attributes,
    }


def result(name: str) -> dict[str, Any]:
    """What a pass found: a value for every column that comes from it."""
    roots = {"pass1": ["extraction"], "pass2": ["inference"], "pass3": ["analysis", "summary"]}
    documents: dict[str, Any] = {root: {} for root in roots[name]}
    for column in contract.columns_from(*roots[name]):
        node = documents[column.root]
        for step in column.path[:-1]:
            node = node.setdefault(step, {})
        node[column.path[-1]] = sample(column)
    found: dict[str, Any] = documents if name == "pass3" else documents[roots[name][0]]
    return found


def sample(column: contract.Column) -> Any:
    """A value that fits a column and names it where it can."""
    if column.path[-1] == "confidence":
        return 0.8
    values: dict[str, Any] = {"bool": True, "double": 2.5, "int64": 3, "string": column.name}
    return values.get(str(column.type), [column.name, "second"])
