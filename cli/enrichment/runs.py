"""One execution of enrich_posting for an operator: start it as the queue would, and follow it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from cli.enrichment.posting_file import WorkItem
from cli.stack import Stack

POLL_SECONDS = (0.1, 2.0)  # first, longest


def start(stack: Stack, work: WorkItem, passes: Sequence[str] | None, force: bool) -> str:
    """Starts enrich_posting with one message of the jobs queue; returns the execution's ARN."""
    run = f"operator-{stack.now():%Y%m%dT%H%M%S}"
    message = {
        "posting": work.item,
        "run": run,
        "attempt": 1,
        "force": force,
        "passes": list(passes) if passes is not None else None,
    }
    answer = stack.client("stepfunctions").start_execution(
        stateMachineArn=stack.workflow_arn("enrich-posting"),
        input=json.dumps([{"messageId": run, "body": json.dumps(message)}]),
    )
    return str(answer["executionArn"])


def follow(stack: Stack, execution: str, entered: Callable[[str], None]) -> dict[str, Any]:
    """Waits for the end and says which state is entered; DescribeExecution's answer."""
    states = stack.client("stepfunctions")
    pause, longest = POLL_SECONDS
    shown = None
    while (run := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        state = _state(states, execution)
        if state is not None and state != shown:
            entered(state)
            shown = state
        time.sleep(pause)
        pause = min(longest, pause * 1.3)
    return dict(run)


def _state(states: Any, execution: str) -> str | None:
    """The state that was entered last."""
    newest = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=20)
    for event in newest["events"]:
        if event["type"].endswith("StateEntered"):
            return str(event["stateEnteredEventDetails"]["name"])
    return None
