"""The demo's star schema: enrichment starts its build, the demo waits for it and fetches it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.demo.run import Stack
from cli.errors import CommandError, Diagnostic
from infra.gold_runner import WAREHOUSE_KEY

POLL_SECONDS = 0.3
START_SECONDS = 60  # until the event of the enrichment has started a build


def follow_builds(stack: Stack, said: Callable[[str], None]) -> dict[str, Any]:
    """Waits until no build runs; verdict and counts of the newest good one, for report.json.

    A build that starts while another runs only makes it start one more. Raises CommandError if
    none was good.
    """
    runs = _ended_builds(stack)
    reports = [json.loads(run.get("output") or run.get("cause") or "{}") for run in runs]
    for report in reports:
        if report.get("status") == "FAILED":
            said(f"A build failed in the step {report['step']}: {report['message']}")
    good = [report for report in reports if report.get("status") == "SUCCEEDED"]
    if not good:
        raise CommandError(Diagnostic("Gold was not built.", context=_first_cause(runs)))
    newest = max(good, key=lambda report: report["started_at"])
    counts = ("models_success", "tests_passed", "tests_failed")
    return {
        "gold_verdict": newest["verdict"],
        **{f"gold_{name}": newest[name] for name in counts},
        "gold_seconds": round(sum(step["seconds"] for step in newest["steps"]), 1),
    }


def fetch_database(stack: Stack, file: Path) -> None:
    """The DuckDB file that the builds keep in S3."""
    stack.client("s3").download_file(stack.outputs["artifacts_bucket"], WAREHOUSE_KEY, str(file))


def _ended_builds(stack: Stack) -> list[dict[str, Any]]:
    """All executions of build_gold, once there is one and none runs."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        runs = _builds(stack)
        if runs and not any(run["status"] == "RUNNING" for run in runs):
            return runs
        if not runs and time.monotonic() > deadline:
            raise CommandError(Diagnostic("Enrichment did not start a build of Gold."))
        time.sleep(POLL_SECONDS)


def _builds(stack: Stack) -> list[dict[str, Any]]:
    states = stack.client("stepfunctions")
    entries = states.list_executions(stateMachineArn=stack.outputs["build_gold_arn"])["executions"]
    return [states.describe_execution(executionArn=entry["executionArn"]) for entry in entries]


def _first_cause(runs: list[dict[str, Any]]) -> str | None:
    return next((run["cause"] for run in runs if run.get("cause")), None)
