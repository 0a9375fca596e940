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
from tests.stack import ROOT, Hour, Run, Stack, row

PROJECT = ROOT / "tests" / "functions" / "dbt_runner" / "project"
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


def build(stack: Stack, **request: Any) -> Run:
    return stack.run("build_gold", request)


def lock(stack: Stack) -> dict[str, Any]:
    """The lock item as DynamoDB writes it, or {}."""
    answer = stack.client("dynamodb").get_item(
        TableName=stack.outputs["gold_builds_table"], Key={"pk": {"S": "build_gold"}}
    )
    return dict(answer.get("Item", {}))


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
