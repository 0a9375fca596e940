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

from cli.demo.executions import Node, execution_tree
from cli.demo.postings import key_of
from cli.demo.report import build_report
from cli.errors import CommandError, Diagnostic
from embedded_aws.server import EmbeddedAws

SILVER, SILVER_AI = "linkedin/", "linkedin_ai/"
PARTS = ("year", "month", "day", "hour")
POLL_SECONDS = 0.1

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """What the demo made: Silver-AI tables and failures by hour, executions, report.json."""

    bucket: str
    tables: dict[str, pa.Table]
    trees: list[Node]
    report: dict[str, Any]
    failures: dict[str, str]


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

    def enrich(self, hours: list[str], progress: Progress) -> list[dict[str, Any]]:
        """Everything that is pending, then what discovery left out; the runs that had work.

        Discovery leaves an hour out until it has ended.
        """
        runs = self._enrich_pending(progress)
        tried = self.enriched(hours).keys() | self.failures().keys()
        return runs + [self._enrich_hour(hour, progress) for hour in hours if hour not in tried]

    def _enrich_pending(self, progress: Progress) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = []
        while True:
            run = self.run("enrich_partitions", {"source": "demo", "time": "now"}, progress)
            if run.get("error") == "EnrichmentFailed":
                return [*runs, run]
            if run["status"] != "SUCCEEDED":
                raise CommandError(
                    Diagnostic(f"enrich_partitions ended {run['status']}.", context=run["cause"])
                )
            output = json.loads(run["output"])
            if not output["has_work"] or (runs and run["output"] == runs[-1]["output"]):
                return runs
            runs.append(run)
            if output["processing_count"] == output["total_pending"]:
                return runs

    def _enrich_hour(self, hour: str, progress: Progress) -> dict[str, Any]:
        parts = dict(zip(PARTS, hour.split("/"), strict=True))
        return self.run("enrich_partition", {"partition": parts}, progress)

    def failures(self) -> dict[str, str]:
        """Why enrich_partition failed, by hour: the sentence of the function or workflow."""
        states = self.client("stepfunctions")
        pages = states.get_paginator("list_executions").paginate(
            stateMachineArn=self.outputs["enrich_partition_arn"], statusFilter="FAILED"
        )
        runs = [
            states.describe_execution(executionArn=entry["executionArn"])
            for page in pages
            for entry in page["executions"]
        ]
        return {_hour_of(run): _reason(run) for run in runs}

    def outcome(self, hours: dict[str, pa.Table], runs: list[dict[str, Any]]) -> Outcome:
        """What the runs left, and what a second enrichment of the same hours costs."""
        tables = self.enriched(list(hours))
        calls = len(self.aws.model.calls)
        for hour in tables:
            self._delete(hour)
            self._enrich_hour(hour, lambda calls: None)
        again, reasons = self.enriched(list(hours)), self.failures()
        failures = {
            hour: reasons.get(hour, "nothing was written") for hour in hours if hour not in again
        }
        report = {
            **build_report(tables, runs, sum(table.num_rows for table in hours.values())),
            "failed_partitions": sorted(failures),
            "model_calls": calls,
            "model_calls_on_rerun": len(self.aws.model.calls) - calls,
            "rerun_equal": again == tables,
        }
        states = self.client("stepfunctions")
        trees = [execution_tree(states, run["executionArn"]) for run in runs]
        return Outcome(self.outputs["silver_bucket"], tables, trees, report, failures)

    def _delete(self, hour: str) -> None:
        self.client("s3").delete_object(
            Bucket=self.outputs["silver_bucket"], Key=f"{key_of(hour, SILVER_AI)}data.parquet"
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


def _hour_of(run: dict[str, Any]) -> str:
    partition = json.loads(run["input"])["partition"]
    return "/".join(partition[part] for part in PARTS)


def _reason(run: dict[str, Any]) -> str:
    """The cause; a function's is JSON that holds its sentence."""
    cause = str(run.get("cause", ""))
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return cause or str(run.get("error"))
