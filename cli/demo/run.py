"""The demo's work: load, enrich, enrich again; every step through boto3 as an operator would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cli.demo.postings import key_of
from cli.errors import CommandError, Diagnostic
from embedded_aws.server import EmbeddedAws

SILVER, SILVER_AI = "linkedin/", "linkedin_ai/"
POLL_SECONDS = 0.1

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Stack:
    """A provisioned stack on the embedded AWS: its outputs by name."""

    aws: EmbeddedAws
    outputs: dict[str, Any]

    def client(self, service: str) -> Any:
        return self.aws.endpoint.client(service)

    def load(self, hours: dict[str, pa.Table]) -> None:
        """Writes one Silver object per hour."""
        for hour, table in hours.items():
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, compression="snappy")
            self.client("s3").put_object(
                Bucket=self.outputs["silver_bucket"],
                Key=f"{key_of(hour, SILVER)}postings.parquet",
                Body=sink.getvalue().to_pybytes(),
            )

    def run(self, workflow: str, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Starts an execution and waits for its end; DescribeExecution's answer."""
        states = self.client("stepfunctions")
        arn = states.start_execution(
            stateMachineArn=self.outputs[f"{workflow}_arn"], input=json.dumps(request)
        )["executionArn"]
        while (run := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            progress(len(self.aws.model.calls))
            time.sleep(POLL_SECONDS)
        progress(len(self.aws.model.calls))
        return dict(run)

    def enrich_pending(self, progress: Progress) -> list[dict[str, Any]]:
        """enrich_partitions until nothing is pending; the successful runs that had work."""
        runs: list[dict[str, Any]] = []
        while True:
            run = self.run("enrich_partitions", {"source": "demo", "time": "now"}, progress)
            if run["status"] != "SUCCEEDED":
                raise CommandError(
                    Diagnostic(f"enrich_partitions ended {run['status']}.", context=run["cause"])
                )
            output = json.loads(run["output"])
            if not output["has_work"] or output == (runs and json.loads(runs[-1]["output"])):
                return runs
            runs.append(run)
            if output["processing_count"] == output["total_pending"]:
                return runs

    def enrich_again(self, hours: list[str], progress: Progress) -> None:
        """Deletes the Silver-AI objects and starts enrich_partition for each hour directly."""
        for hour in hours:
            self.client("s3").delete_object(
                Bucket=self.outputs["silver_bucket"], Key=f"{key_of(hour, SILVER_AI)}data.parquet"
            )
            parts = dict(zip(("year", "month", "day", "hour"), hour.split("/"), strict=True))
            run = self.run("enrich_partition", {"partition": parts}, progress)
            if run["status"] != "SUCCEEDED":
                raise CommandError(
                    Diagnostic(
                        f"enrich_partition {hour} ended {run['status']}.", context=run["cause"]
                    )
                )

    def enriched(self, hours: list[str]) -> dict[str, pa.Table]:
        """The Silver-AI table of each hour that has one."""
        found: dict[str, pa.Table] = {}
        s3 = self.client("s3")
        for hour in hours:
            prefix = key_of(hour, SILVER_AI)
            page = s3.list_objects_v2(Bucket=self.outputs["silver_bucket"], Prefix=prefix)
            for entry in page.get("Contents", ()):
                body = s3.get_object(Bucket=self.outputs["silver_bucket"], Key=entry["Key"])
                reader = pa.BufferReader(body["Body"].read())
                found[hour] = pq.read_table(reader)
        return found


def write_tables(tables: dict[str, pa.Table], folder: Path) -> None:
    """One Parquet file per hour under `folder`, laid out as in S3."""
    for hour, table in tables.items():
        target = folder / key_of(hour, SILVER_AI) / "data.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target, compression="snappy")
