"""Every Retry and every Catch of the workflow files, one case each; a new one without a case fails.

A Retry's case plans an error of its service for exactly the calls of its state, once; a Catch's
case makes its state fail for good. Both assert from the history that the state was met.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from embedded_aws.dataplane.faults import Request
from tests.stack import ROOT, Run, Stack, new_hour, row
from tests.workflows import discovery_cases, posting_cases, sweep_cases
from tests.workflows.error_cases import (
    INTERNAL,
    INVOKE,
    MANY,
    METRIC,
    READ_TABLE,
    REGISTER,
    START,
    THROTTLED,
    THROUGHPUT,
    UPDATE,
    Case,
    body,
    hold,
    plan,
    resource,
    walks,
)

WORKFLOWS = (
    "discover_postings",
    "enrich_partitions",
    "enrich_partition",
    "enrich_posting",
    "find_pending_partitions",
    "grant_slot",
    "sweep_slots",
)


# --- runs


def one_partition(stack: Stack) -> Run:
    hour = new_hour()
    stack.put_rows(hour, [row()])
    return stack.enrich_partition(hour)


def broken_partition(stack: Stack) -> Run:
    hour = new_hour()
    stack.put_silver(hour, b"no parquet")
    return stack.enrich_partition(hour)


RETRIES = {
    ("enrich_partition", "ClaimPartition"): Case(
        UPDATE, THROUGHPUT, 400, body(b"if_not_exists(attempts"), one_partition
    ),
    ("enrich_partition", "ReadPartition"): Case(
        INVOKE, MANY, 429, resource("read-partition"), one_partition
    ),
    ("enrich_partition", "EnrichPosting"): Case(
        START, THROTTLED, 400, body(b'local-enrich-posting"'), one_partition
    ),
    ("enrich_partition", "AssemblePartition"): Case(
        INVOKE, MANY, 429, resource("assemble-partition"), one_partition
    ),
    ("enrich_partition", "ReadTable"): Case(
        READ_TABLE, INTERNAL, 500, body(b'"linkedin"'), one_partition
    ),
    ("enrich_partition", "CreatePartition"): Case(
        REGISTER, INTERNAL, 500, body(b'"ai_enrichment"'), one_partition
    ),
    ("enrich_partition", "FinishPartition"): Case(
        UPDATE, THROUGHPUT, 400, body(b"retryable = :retryable"), one_partition
    ),
    ("enrich_partition", "PublishMetrics"): Case(
        METRIC, THROTTLED, 400, lambda request: True, one_partition
    ),
    ("enrich_partition", "ReleasePartition"): Case(
        UPDATE, THROUGHPUT, 400, body(b":refund"), broken_partition
    ),
    **discovery_cases.RETRIES,
    **sweep_cases.RETRIES,
    **posting_cases.RETRIES,
}


def states_with(name: str) -> Iterator[tuple[str, str, Any]]:
    """(workflow, state, the field's value) of all states that have the field."""

    def walk(workflow: str, states: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
        for state, fields in states.items():
            if name in fields:
                yield workflow, state, fields[name]
            yield from walk(workflow, fields.get("ItemProcessor", {}).get("States", {}))

    for workflow in WORKFLOWS:
        text = (ROOT / "workflows" / f"{workflow}.asl.json").read_text(encoding="utf-8")
        yield from walk(workflow, json.loads(text)["States"])


def test_each_retry_has_a_case() -> None:
    assert {(workflow, state) for workflow, state, _ in states_with("Retry")} == set(RETRIES)


@pytest.mark.parametrize(("workflow", "state"), RETRIES)
def test_a_retry(stack: Stack, workflow: str, state: str) -> None:
    case = RETRIES[workflow, state]
    plan(stack, case)

    with walks(stack) as seen:
        run = case.run(stack)

    assert stack.aws.faults.pending == [], "the planned error was not met"
    if case.run is broken_partition:
        assert (run.status, run.error) == ("FAILED", "PartitionUnreadable")
    else:
        assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert state in seen.failed


# --- catches


def held_partition(stack: Stack) -> Run:
    hour = new_hour()
    stack.put_rows(hour, [row()])
    hold(stack, f"partition#{hour.path[:10]}", hour.path[11:])
    return stack.enrich_partition(hour)


def failing(function: str, times: int) -> Callable[[Stack], Run]:
    def run(stack: Stack) -> Run:
        stack.aws.functions.faults.fail(stack.outputs[f"{function}_function"], "Odd", times=times)
        return one_partition(stack)

    return run


def refusing(action: str, matches: Callable[[Request], bool]) -> Callable[[Stack], Run]:
    def run(stack: Stack) -> Run:
        code = "AccessDenied" if action.startswith("s3:") else "ValidationException"
        stack.aws.faults.fail(action, code, 403, times=1, matches=matches)
        return one_partition(stack)

    return run


def unreleasable(stack: Stack) -> Run:
    stack.aws.faults.fail(UPDATE, "ValidationException", times=1, matches=body(b":refund"))
    return broken_partition(stack)


# (workflow, state, state that the catch leads to) -> run that takes it
CATCHES: dict[tuple[str, str, str], Callable[[Stack], Run]] = {
    ("enrich_partition", "ClaimPartition", "PartitionBusy"): held_partition,
    ("enrich_partition", "ReadPartition", "ReleasePartition"): failing("read_partition", 3),
    ("enrich_partition", "EnrichPostings", "ReleasePartition"): refusing(
        "s3:GetObject", resource("items.jsonl")
    ),
    ("enrich_partition", "AssemblePartition", "ReleasePartition"): failing("assemble_partition", 3),
    ("enrich_partition", "RegisterPartition", "ReleasePartition"): refusing(
        REGISTER, lambda request: True
    ),
    ("enrich_partition", "FinishPartition", "ReleasePartition"): refusing(
        UPDATE, body(b"retryable = :retryable")
    ),
    ("enrich_partition", "PublishMetrics", "Assembled"): refusing(METRIC, lambda request: True),
    ("enrich_partition", "ReleasePartition", "PartitionFailed"): unreleasable,
    **discovery_cases.CATCHES,
    **sweep_cases.CATCHES,
    **posting_cases.CATCHES,
}


def test_each_catch_has_a_case() -> None:
    found = {
        (workflow, state, catcher["Next"])
        for workflow, state, catchers in states_with("Catch")
        for catcher in catchers
    }

    assert found == set(CATCHES)


@pytest.mark.parametrize(("workflow", "state", "target"), CATCHES)
def test_a_catch(stack: Stack, workflow: str, state: str, target: str) -> None:
    with walks(stack) as seen:
        CATCHES[workflow, state, target](stack)

    assert (state, target) in seen.steps
    assert stack.aws.faults.pending == []
    assert seen.failed
