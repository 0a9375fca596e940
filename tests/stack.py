"""The stack `local` on an embedded AWS with a virtual clock, and how tests use it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cli.demo.executions import history
from common import contract
from common.postings import Posting, posting_of
from embedded_aws.provider.deploy import apply
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = (
    "We hire a senior data engineer. You build pipelines with Python, SQL and Apache Spark on AWS. "
    "Airflow orchestrates them, Snowflake is the warehouse. At least 5 years of experience. "
    "The salary is $120,000 to $150,000 per year. This role is fully remote."
)
_serial = itertools.count()


@dataclass(frozen=True)
class Hour:
    """A partition that no other test uses."""

    path: str

    @property
    def parts(self) -> dict[str, str]:
        return dict(zip(("year", "month", "day", "hour"), self.path.split("/"), strict=True))

    def key(self, root: str, name: str) -> str:
        year, month, day, hour = self.path.split("/")
        return f"{root}year={year}/month={month}/day={day}/hour={hour}/{name}"


@dataclass(frozen=True)
class Run:
    """An execution that ended."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None
    events: list[dict[str, Any]]

    @property
    def entered(self) -> list[str]:
        """The names of the states in the order they were entered."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.events
            if event["type"].endswith("StateEntered")
        ]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type."""
        return [event for event in self.events if event["type"] == kind]


class Stack:
    """Writes what the workflows read, runs them, reads what they write."""

    def __init__(self, aws: EmbeddedAws, outputs: dict[str, Any]) -> None:
        self.aws = aws
        self.outputs = outputs

    def client(self, service: str) -> Any:
        return self.aws.endpoint.client(service)

    @property
    def calls(self) -> int:
        """Model calls so far."""
        return len(self.aws.model.calls)

    def clear_faults(self) -> None:
        self.aws.faults.clear()
        self.aws.functions.faults.clear()
        self.aws.model.faults.clear()

    # --- Silver and Silver-AI

    def put_rows(self, hour: Hour, rows: Sequence[dict[str, Any]], name: str = "a.parquet") -> None:
        """A Silver file with the contract's schema."""
        table = pa.Table.from_pylist(list(rows), schema=contract.silver_schema())
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        self.put_silver(hour, sink.getvalue().to_pybytes(), name)

    def put_silver(self, hour: Hour, body: bytes, name: str = "a.parquet") -> None:
        self.client("s3").put_object(
            Bucket=self.outputs["silver_bucket"], Key=hour.key("linkedin/", name), Body=body
        )

    def enriched(self, hour: Hour) -> pa.Table:
        """The Silver-AI object of an hour."""
        answer = self.client("s3").get_object(
            Bucket=self.outputs["silver_bucket"], Key=hour.key("linkedin_ai/", "data.parquet")
        )
        reader = pa.BufferReader(answer["Body"].read())
        return pq.read_table(reader)

    def empty_lake(self) -> None:
        """Deletes all partitions and all status items."""
        s3, dynamodb = self.client("s3"), self.client("dynamodb")
        bucket, table = self.outputs["silver_bucket"], self.outputs["enrichment_status_table"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", ()):
                s3.delete_object(Bucket=bucket, Key=entry["Key"])
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})

    # --- status table

    def item(self, pk: str, sk: str) -> dict[str, Any]:
        """An item as DynamoDB writes it, or {}."""
        answer = self.client("dynamodb").get_item(
            TableName=self.outputs["enrichment_status_table"],
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            ConsistentRead=True,
        )
        return dict(answer.get("Item", {}))

    def posting_item(self, posting: Posting) -> dict[str, Any]:
        return self.item(f"posting#{posting.job_posting_id}", posting.content_hash)

    def partition_item(self, hour: Hour) -> dict[str, Any]:
        return self.item(f"partition#{hour.path[:10]}", hour.path[11:])

    # --- executions

    def start(self, workflow: str, request: Any) -> str:
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs[f"{workflow}_arn"], input=json.dumps(request)
        )
        return str(answer["executionArn"])

    def run(self, workflow: str, request: Any) -> Run:
        return self.ended(self.start(workflow, request))

    def ended(self, arn: str) -> Run:
        """Waits for the end of an execution; the clock is virtual, so this is soon."""
        states = self.client("stepfunctions")
        deadline, pause = time.monotonic() + 240, 0.02
        while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"{arn} does not end"
            time.sleep(pause)
            pause = min(0.25, pause * 1.1)  # asking takes the server's time
        return Run(
            arn=arn,
            status=found["status"],
            output=json.loads(found["output"]) if "output" in found else None,
            error=found.get("error"),
            cause=found.get("cause"),
            events=list(history(states, arn)),
        )

    def enrich(self, posting: Posting, hour: Hour, **request: Any) -> Run:
        """enrich_posting for one posting, as the Map of a partition starts it."""
        return self.run("enrich_posting", posting_input(posting, hour, **request))

    def enrich_partition(self, hour: Hour, **request: Any) -> Run:
        return self.run("enrich_partition", {"partition": hour.parts, **request})


def new_hour() -> Hour:
    """An hour before the clock's start that no test of this process has used."""
    number = next(_serial)
    day, hour = divmod(number, 24)
    return Hour(f"2025/{1 + day // 28:02}/{1 + day % 28:02}/{hour:02}")


def row(**columns: Any) -> dict[str, Any]:
    """A Silver row with an id of its own."""
    return {
        "job_posting_id": f"id-{next(_serial)}",
        "source_system": "linkedin",
        "job_title": "Senior Data Engineer",
        "company_name": "Example Rivers Ltd",
        "job_location": "Lisbon, Portugal",
        "scraped_at": datetime(2026, 2, 1, 6),
        "job_description_text": TEXT,
        **columns,
    }


def new_posting(**columns: Any) -> Posting:
    """The posting of such a row."""
    found = posting_of(row(**columns))
    assert isinstance(found, Posting)
    return found


def posting_input(posting: Posting, hour: Hour, **request: Any) -> dict[str, Any]:
    fields = ("job_posting_id", "content_hash", "source", "title", "company", "location", "text")
    item = {name: getattr(posting, name) for name in fields} | {"partition": hour.path}
    return {"posting": item, "path": "partition", "run": "run-of-a-test", **request}


@contextmanager
def running_stack(folder: Path, clock: Clock | None = None) -> Iterator[Stack]:
    """An embedded AWS with the stack `local` applied."""
    clock = clock or Clock.virtual(START.timestamp())
    with running(clock=clock) as aws:
        applied = apply(ROOT, "local", aws.endpoint, folder / "state.json")
        yield Stack(aws, applied.outputs)
