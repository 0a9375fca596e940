"""Where results go: artifacts in S3, a log event per result, metrics."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt_runner.place import Place
from dbt_runner.request import Request
from dbt_runner.results import Result, Results

KEPT = {
    "run_results.json": "application/json",
    "sources.json": "application/json",
    "catalog.json": "application/json",
    "manifest.json": "application/json",
    "static_index.html": "text/html; charset=utf-8",
}
BATCH_EVENTS = 1_000  # PutLogEvents takes 10,000 events and 1 MiB
EVENT_BYTES = 900


def keep_artifacts(s3: Any, request: Request, place: Place, folder: Path) -> str:
    """Puts dbt's artifacts under the execution's id; their place as s3://bucket/prefix."""
    prefix = place.artifacts(request.execution, request.step)
    for name, content_type in KEPT.items():
        file = folder / name
        if file.is_file():
            s3.put_object(
                Bucket=place.artifacts_bucket,
                Key=f"{prefix}{name}",
                Body=file.read_bytes(),
                ContentType=content_type,
            )
    return f"s3://{place.artifacts_bucket}/{prefix}"


def log_results(logs: Any, request: Request, place: Place, results: Results) -> None:
    """One event per model and per test, each kind in its own log group."""
    for group, found in (
        (place.run_log_group, results.models()),
        (place.test_log_group, results.tests()),
    ):
        if found:
            _put_events(logs, group, request, found)


def _put_events(logs: Any, group: str, request: Request, results: Sequence[Result]) -> None:
    at = int(time.time() * 1000)
    stream = f"{request.execution}/{request.step}/{at}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    for first in range(0, len(results), BATCH_EVENTS):
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[
                {"timestamp": at, "message": json.dumps(_event(request, result))}
                for result in results[first : first + BATCH_EVENTS]
            ],
        )


def _event(request: Request, result: Result) -> dict[str, Any]:
    return {
        "execution": request.execution,
        "step": request.step,
        "command": request.command,
        "name": result.name,
        "kind": result.kind,
        "status": result.status,
        "seconds": result.seconds,
        "critical": result.critical,
        "message": result.message[: EVENT_BYTES // 3],
    }


def put_metrics(
    cloudwatch: Any, place: Place, request: Request, results: Results, seconds: float
) -> None:
    """Counts of models, tests or stale sources, and the command's seconds."""
    counts, models, tests = results.counts(), results.models(), results.tests()
    values: dict[str, float] = {"RunDuration": seconds}
    if models:
        values["ModelsSuccess"] = counts["models_success"]
        values["ModelsError"] = counts["models_error"]
    if request.command == "freshness":
        values["StaleSources"] = len(results.stale())
    if tests:
        values["TestsPassed"] = counts["tests_passed"]
        values["TestsFailed"] = counts["tests_failed"]
    cloudwatch.put_metric_data(
        Namespace=place.metrics_namespace,
        MetricData=[
            {
                "MetricName": name,
                "Value": value,
                "Unit": "Seconds" if name == "RunDuration" else "Count",
                "Dimensions": [{"Name": "Stack", "Value": place.stack}],
            }
            for name, value in values.items()
        ],
    )
