"""A small dbt project with one model per step of build_gold, and how tests build it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.parsed_project import FILE, parse
from tests.stack import ROOT, Hour, Run, Stack, new_hour, row

PROJECT = ROOT / "tests" / "functions" / "dbt_runner" / "project"
AFTER_ENRICHMENT = "data-engineer-jobs-local-gold-after-enrichment"
WAREHOUSE = "gold/analytics.duckdb"
NOW = datetime.now(UTC).replace(tzinfo=None)  # dbt's freshness knows no other clock


def parsed_copy(folder: Path) -> Path:
    """The small project with its parse, as a package holds it."""
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    scratch = folder / "parse"
    scratch.mkdir()
    shutil.copy(parse(project, "local", scratch), project / FILE)
    return project


@contextmanager
def small_gold(stack: Stack, project: Path) -> Iterator[Stack]:
    """The stack with this project for the whole one, no warehouse yet and two new postings."""
    s3 = stack.client("s3")
    stack.clear_faults()
    stack.empty_lake()
    s3.delete_object(Bucket=stack.outputs["artifacts_bucket"], Key=WAREHOUSE)
    forget_lock(stack)
    with runner_set(stack, DBT_PROJECT_DIR=str(project)):
        put_postings(stack, new_hour(), ["a", "b"])
        yield stack
    stack.empty_lake()


@contextmanager
def runner_set(stack: Stack, **variables: str) -> Iterator[None]:
    """The dbt runner with other environment variables."""
    functions, name = stack.client("lambda"), stack.outputs["dbt_runner_function"]
    before = functions.get_function_configuration(FunctionName=name)["Environment"]
    changed = {"Variables": {**before["Variables"], **variables}}
    functions.update_function_configuration(FunctionName=name, Environment=changed)
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment=before)


def put_postings(stack: Stack, hour: Hour, ids: list[str], age: timedelta = timedelta()) -> None:
    """A Silver file with these postings, scraped so long ago."""
    stack.put_rows(hour, [row(job_posting_id=each, scraped_at=NOW - age) for each in ids])


@contextmanager
def aged(stack: Stack, age: timedelta) -> Iterator[None]:
    """Silver as if nothing had come for so long."""
    objects = _silver(stack)
    for key, _ in objects:
        stack.client("s3").delete_object(Bucket=stack.outputs["silver_bucket"], Key=key)
    put_postings(stack, new_hour(), ["old"], age)
    try:
        yield
    finally:
        for key, body in objects:
            stack.client("s3").put_object(Bucket=stack.outputs["silver_bucket"], Key=key, Body=body)


def _silver(stack: Stack) -> list[tuple[str, bytes]]:
    s3, bucket = stack.client("s3"), stack.outputs["silver_bucket"]
    entries = s3.list_objects_v2(Bucket=bucket)["Contents"]
    keys = [entry["Key"] for entry in entries]
    return [(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def build(stack: Stack, **request: Any) -> Run:
    return stack.run("build_gold", request)


def lock(stack: Stack) -> dict[str, Any]:
    """The lock item as DynamoDB writes it, or {}."""
    answer = stack.client("dynamodb").get_item(
        TableName=stack.outputs["gold_builds_table"], Key={"pk": {"S": "build_gold"}}
    )
    return dict(answer.get("Item", {}))


def forget_lock(stack: Stack) -> None:
    """As before the first build."""
    stack.client("dynamodb").delete_item(
        TableName=stack.outputs["gold_builds_table"], Key={"pk": {"S": "build_gold"}}
    )


def set_lock(stack: Stack, **attributes: str) -> None:
    """Replaces the lock item."""
    item = {"pk": {"S": "build_gold"}, **{k: {"S": v} for k, v in attributes.items()}}
    stack.client("dynamodb").put_item(TableName=stack.outputs["gold_builds_table"], Item=item)


def executions(stack: Stack) -> list[dict[str, Any]]:
    """All executions of build_gold as DescribeExecution shows them, oldest first."""
    states = stack.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=stack.outputs["build_gold_arn"]
    )
    found = [entry for page in pages for entry in page["executions"]]
    described = [states.describe_execution(executionArn=e["executionArn"]) for e in found]
    return sorted(described, key=lambda run: run["startDate"])


def report(run: dict[str, Any]) -> dict[str, Any]:
    """What a build says of itself: its output, or the cause of its failure."""
    return dict(json.loads(run.get("output") or run["cause"]))
