"""Every Retry and every Catch of the workflow files, one case each; a new one without a case fails.

A Retry's case plans an error of its service for exactly the calls of its state, once; a Catch's
case makes its state fail for good. Both assert from the history that the state was met.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from embedded_aws.dataplane.faults import Request
from tests.stack import ROOT, Hour, Run, Stack, new_hour, new_posting, row

WORKFLOWS = ("enrich_partitions", "enrich_partition", "enrich_posting")
FAILURES = ("TaskFailed", "TaskSubmitFailed", "TaskTimedOut")


@dataclass(frozen=True)
class Case:
    """An error of `action` for the calls that match, and the run that meets it."""

    action: str
    code: str
    status: int
    matches: Callable[[Request], bool]
    run: Callable[[Stack], Run]


def body(*parts: bytes) -> Callable[[Request], bool]:
    return lambda request: all(part in request.body for part in parts)


def resource(part: str) -> Callable[[Request], bool]:
    return lambda request: part in request.resource


def listing(suffix: str, delimited: bool) -> Callable[[Request], bool]:
    def matches(request: Request) -> bool:
        prefix = request.query.get("prefix", [""])[0]
        return prefix.endswith(suffix) and ("delimiter" in request.query) is delimited

    return matches


def day_of(root: str) -> Callable[[Request], bool]:
    def matches(request: Request) -> bool:
        prefix = request.query.get("prefix", [""])[0]
        return prefix.startswith(f"{root}year=") and "delimiter" not in request.query

    return matches


# --- runs


def one_posting(stack: Stack) -> Run:
    return stack.enrich(new_posting(), new_hour())


def one_posting_again(stack: Stack) -> Run:
    posting, hour = new_posting(), new_hour()
    stack.aws.faults.clear()  # not for the first time
    stack.enrich(posting, hour)
    plan(stack, RETRIES["enrich_posting", "LookUp"])
    return stack.enrich(posting, hour)


def one_partition(stack: Stack) -> Run:
    hour = new_hour()
    stack.put_rows(hour, [row()])
    return stack.enrich_partition(hour)


def broken_partition(stack: Stack) -> Run:
    hour = new_hour()
    stack.put_silver(hour, b"no parquet")
    return stack.enrich_partition(hour)


def discovery(stack: Stack) -> Run:
    stack.empty_lake()
    stack.put_rows(Hour("2026/01/08/00"), [row()])
    return stack.run("enrich_partitions", {})


UPDATE, THROUGHPUT = "dynamodb:UpdateItem", "ProvisionedThroughputExceededException"
LIST, SLOW = "s3:ListBucket", "SlowDown"
INVOKE, MANY = "lambda:InvokeFunction", "TooManyRequestsException"
START, THROTTLED = "states:StartExecution", "ThrottlingException"

RETRIES = {
    ("enrich_posting", "Claim"): Case(UPDATE, THROUGHPUT, 400, body(b"ADD claims"), one_posting),
    ("enrich_posting", "LoadPasses"): Case(
        "s3:GetObject", SLOW, 503, resource("config/passes/"), one_posting
    ),
    ("enrich_posting", "LookUp"): Case(
        "s3:GetObject", SLOW, 503, resource("ai_enrichment/"), one_posting_again
    ),
    ("enrich_posting", "ParseAndStore"): Case(
        INVOKE, MANY, 429, resource("parse-response"), one_posting
    ),
    ("enrich_posting", "RecordPass"): Case(
        UPDATE, THROUGHPUT, 400, body(b"passes.#pass"), one_posting
    ),
    ("enrich_posting", "Finish"): Case(
        "dynamodb:TransactWriteItems",
        "TransactionCanceledException",
        400,
        body(b"touched_at"),
        one_posting,
    ),
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
    ("enrich_partition", "FinishPartition"): Case(
        UPDATE, THROUGHPUT, 400, body(b"retryable = :retryable"), one_partition
    ),
    ("enrich_partition", "PublishMetrics"): Case(
        "cloudwatch:PutMetricData", THROTTLED, 400, lambda request: True, one_partition
    ),
    ("enrich_partition", "ReleasePartition"): Case(
        UPDATE, THROUGHPUT, 400, body(b":refund"), broken_partition
    ),
    ("enrich_partitions", "ListYears"): Case(
        LIST, SLOW, 503, listing("linkedin/", True), discovery
    ),
    ("enrich_partitions", "ListMonths"): Case(
        LIST, SLOW, 503, listing("year=2026/", True), discovery
    ),
    ("enrich_partitions", "ListDays"): Case(LIST, SLOW, 503, listing("month=01/", True), discovery),
    ("enrich_partitions", "ListSilver"): Case(LIST, SLOW, 503, day_of("linkedin/"), discovery),
    ("enrich_partitions", "ListSilverAi"): Case(LIST, SLOW, 503, day_of("linkedin_ai/"), discovery),
    ("enrich_partitions", "ReadItems"): Case(
        "dynamodb:Query", THROUGHPUT, 400, lambda request: True, discovery
    ),
    ("enrich_partitions", "EnrichPartition"): Case(
        START, THROTTLED, 400, body(b'local-enrich-partition"'), discovery
    ),
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


def plan(stack: Stack, case: Case) -> None:
    stack.aws.faults.fail(case.action, case.code, case.status, times=1, matches=case.matches)


def failures(stack: Stack, run: Run) -> list[str]:
    """The names of the states whose calls failed, in the run and in what its map runs started."""
    found, state = [], ""
    states = stack.client("stepfunctions")
    for event in run.events:
        if event["type"] == "TaskStateEntered":
            state = event["stateEnteredEventDetails"]["name"]
        elif event["type"] in FAILURES:
            found.append(state)
        elif event["type"] == "MapRunStarted":
            map_run = event["mapRunStartedEventDetails"]["mapRunArn"]
            for child in states.list_executions(mapRunArn=map_run)["executions"]:
                if ":express:" not in child["executionArn"]:
                    found += failures(stack, stack.ended(child["executionArn"]))
    return found


def test_each_retry_has_a_case() -> None:
    assert {(workflow, state) for workflow, state, _ in states_with("Retry")} == set(RETRIES)


@pytest.mark.parametrize(("workflow", "state"), RETRIES, ids="-".join)
def test_a_retry(stack: Stack, workflow: str, state: str) -> None:
    case = RETRIES[workflow, state]
    plan(stack, case)

    run = case.run(stack)

    assert stack.aws.faults.pending == [], "the planned error was not met"
    if case.run is broken_partition:
        assert (run.status, run.error) == ("FAILED", "PartitionUnreadable")
    else:
        assert run.status == "SUCCEEDED", (run.error, run.cause)
    if state not in ("ListSilver", "ListSilverAi", "ReadItems"):  # in Express children: no history
        assert state in failures(stack, run)


# --- catches


def held_posting(stack: Stack) -> Run:
    posting = new_posting()
    hold(stack, f"posting#{posting.job_posting_id}", posting.content_hash)
    return stack.enrich(posting, new_hour())


def held_partition(stack: Stack) -> Run:
    hour = new_hour()
    stack.put_rows(hour, [row()])
    hold(stack, f"partition#{hour.path[:10]}", hour.path[11:])
    return stack.enrich_partition(hour)


def hold(stack: Stack, pk: str, sk: str) -> None:
    """Lets another execution hold an item."""
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": pk},
            "sk": {"S": sk},
            "owner": {"S": "another"},
            "lease": {"N": "9999999999"},
        },
    )


def lost_result(stack: Stack) -> Run:
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    key = stack.posting_item(posting)["passes"]["M"]["pass1"]["M"]["bronze_key"]["S"]
    stack.client("s3").delete_object(Bucket=stack.outputs["bronze_bucket"], Key=key)
    return stack.enrich(posting, hour)


def throttled_model(stack: Stack) -> Run:
    stack.aws.model.faults.throttle(times=1)
    return one_posting(stack)


def refusing_model(stack: Stack) -> Run:
    stack.aws.model.faults.fail("ValidationException", times=1)
    return one_posting(stack)


def failing(function: str, times: int) -> Callable[[Stack], Run]:
    def run(stack: Stack) -> Run:
        stack.aws.functions.faults.fail(stack.outputs[f"{function}_function"], "Odd", times=times)
        return one_posting(stack) if function == "parse_response" else one_partition(stack)

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


def poisoned(stack: Stack) -> Run:
    stack.empty_lake()
    stack.put_silver(Hour("2026/01/08/01"), b"no parquet")
    return stack.run("enrich_partitions", {})


# (workflow, state, state that the catch leads to) -> run that takes it
CATCHES: dict[tuple[str, str, str], Callable[[Stack], Run]] = {
    ("enrich_posting", "Claim", "NotClaimed"): held_posting,
    ("enrich_posting", "LookUp", "NextPass"): lost_result,
    ("enrich_posting", "InvokeModel", "NextPass"): throttled_model,
    ("enrich_posting", "InvokeModel", "RecordPass"): refusing_model,
    ("enrich_posting", "ParseAndStore", "RecordPass"): failing("parse_response", 1),
    ("enrich_partition", "ClaimPartition", "PartitionBusy"): held_partition,
    ("enrich_partition", "ReadPartition", "ReleasePartition"): failing("read_partition", 3),
    ("enrich_partition", "EnrichPostings", "ReleasePartition"): refusing(
        "s3:GetObject", resource("items.jsonl")
    ),
    ("enrich_partition", "AssemblePartition", "ReleasePartition"): failing("assemble_partition", 3),
    ("enrich_partition", "FinishPartition", "ReleasePartition"): refusing(
        UPDATE, body(b"retryable = :retryable")
    ),
    ("enrich_partition", "PublishMetrics", "Assembled"): refusing(
        "cloudwatch:PutMetricData", lambda request: True
    ),
    ("enrich_partition", "ReleasePartition", "PartitionFailed"): unreleasable,
    ("enrich_partitions", "EnrichPartition", "PartitionEnded"): poisoned,
}


def test_each_catch_has_a_case() -> None:
    found = {
        (workflow, state, catcher["Next"])
        for workflow, state, catchers in states_with("Catch")
        for catcher in catchers
    }

    assert found == set(CATCHES)


@pytest.mark.parametrize(("workflow", "state", "target"), CATCHES, ids="-".join)
def test_a_catch(stack: Stack, workflow: str, state: str, target: str) -> None:
    run = CATCHES[workflow, state, target](stack)

    assert (state, target) in list(zip(run.entered, run.entered[1:], strict=False))
    assert stack.aws.faults.pending == []
    assert run.of("TaskFailed") or run.of("MapStateFailed") or run.of("MapRunFailed")
