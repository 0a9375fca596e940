"""The demo's star schema: enrichment starts its build, the demo waits for it and fetches it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from cli.demo.run import Stack
from infra.gold_runner import WAREHOUSE_KEY

POLL_SECONDS = 0.3
START_SECONDS = 60  # until the event of the enrichment has started a build


def follow_builds(stack: Stack, enrichment: list[dict[str, Any]]) -> dict[str, Any]:
    """Waits until no build runs; what report.json says of the newest.

    Verdict and counts, or `gold_error`, which says why there is no good build. Enrichment starts a
    build unless one of its runs failed or was started by hand: then the demo does, as an operator
    would. A build that starts while another runs only makes it start one more.
    """
    if not all(_starts_a_build(stack, run) for run in enrichment):
        stack.run("build_gold", {"source": "demo"}, lambda calls: None)
    ended = [json.loads(run.get("output") or run["cause"]) for run in _ended_builds(stack)]
    built = [build for build in ended if build["status"] in ("SUCCEEDED", "FAILED")]
    if not built:
        return {"gold_error": "enrichment did not start a build"}
    newest = max(built, key=lambda build: str(build["started_at"]))
    if newest["status"] == "FAILED":
        return {"gold_error": f"step {newest['step']}: {newest['message']}"}
    counts = ("models_success", "tests_passed", "tests_failed")
    return {
        "gold_verdict": newest["verdict"],
        "gold_checks": [f"{check['name']}: {check['status']}" for check in newest["checks"]],
        **{f"gold_{name}": newest[name] for name in counts},
        "gold_seconds": round(sum(step["seconds"] for step in newest["steps"]), 1),
    }


def fetch_database(stack: Stack, file: Path) -> None:
    """The DuckDB file that the builds keep in S3."""
    stack.client("s3").download_file(stack.outputs["artifacts_bucket"], WAREHOUSE_KEY, str(file))


def _starts_a_build(stack: Stack, run: dict[str, Any]) -> bool:
    whole: str = stack.outputs["enrich_partitions_arn"]
    return (run["stateMachineArn"], run["status"]) == (whole, "SUCCEEDED")


def _ended_builds(stack: Stack) -> list[dict[str, Any]]:
    """All executions of build_gold, once there is one and none runs; none if nothing starts one."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        runs = _builds(stack)
        if runs and not any(run["status"] == "RUNNING" for run in runs):
            return runs
        if not runs and time.monotonic() > deadline:
            return []
        time.sleep(POLL_SECONDS)


def _builds(stack: Stack) -> list[dict[str, Any]]:
    states = stack.client("stepfunctions")
    entries = states.list_executions(stateMachineArn=stack.outputs["build_gold_arn"])["executions"]
    return [states.describe_execution(executionArn=entry["executionArn"]) for entry in entries]
