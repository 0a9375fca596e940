"""enrich_partitions: what is pending, in which order, and what the failure of one means."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.postings import Posting, posting_of
from embedded_aws.dataplane.faults import Request
from infra.passes import compile_passes
from infra.render import render
from tests.stack import ROOT, Hour, Run, Stack, new_hour, row


@pytest.fixture
def lake(stack: Stack) -> Iterator[Stack]:
    """The stack with nothing in it, since discovery sees everything."""
    stack.empty_lake()
    yield stack
    stack.empty_lake()


def discover(stack: Stack) -> Run:
    return stack.run("enrich_partitions", {"source": "test", "time": "now"})


def hours_of(run: Run) -> list[str]:
    return ["/".join(entry["partition"].values()) for entry in run.output["partitions"]]


def touch(stack: Stack, hour: Hour, **attributes: Any) -> None:
    """Changes attributes of a partition's item."""
    item = stack.partition_item(hour)
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"partition#{hour.path[:10]}"},
            "sk": {"S": hour.path[11:]},
            **item,
            **attributes,
        },
    )


def test_an_empty_lake_is_no_work(lake: Stack) -> None:
    run = discover(lake)

    assert run.output == {
        "has_work": False,
        "reason": "no partition is pending",
        "total_pending": 0,
        "processing_count": 0,
        "partitions": [],
        "failed_partitions": [],
    }


def test_pending_partitions_are_enriched_oldest_first_and_once(lake: Stack) -> None:
    hours = [Hour("2025/12/31/23"), Hour("2026/01/01/00"), Hour("2026/01/01/07")]
    for hour in reversed(hours):
        lake.put_rows(hour, [row(), row()])

    first = discover(lake)
    second = discover(lake)

    assert hours_of(first) == [hour.path for hour in hours]
    assert first.output["total_pending"] == first.output["processing_count"] == 3
    assert first.output["failed_partitions"] == []
    assert first.output["jobs_processed"] == first.output["jobs_succeeded"] == 6
    assert first.output["model_calls"] == 18
    assert second.output["has_work"] is False


def test_one_run_takes_no_more_than_its_limit(lake: Stack) -> None:
    hours = [Hour(f"2026/01/{day:02}/05") for day in range(1, 13)]
    for hour in hours:
        lake.put_rows(hour, [])

    run = discover(lake)

    assert run.output["total_pending"] == 12
    assert hours_of(run) == [hour.path for hour in hours[:10]]


def test_an_open_hour_waits_until_fifteen_minutes_past(lake: Stack) -> None:
    now = datetime.fromtimestamp(lake.aws.clock.now(), UTC)
    lake.put_rows(Hour(now.strftime("%Y/%m/%d/%H")), [row()])

    assert discover(lake).output["has_work"] is False

    closed = now.replace(minute=0, second=0, microsecond=0).timestamp() + 3600 + 15 * 60
    lake.aws.advance_to(closed - 1)
    assert discover(lake).output["has_work"] is False
    lake.aws.advance_to(closed + 1)
    assert discover(lake).output["processing_count"] == 1


def test_a_newer_silver_object_makes_its_partition_pending(lake: Stack) -> None:
    hour = Hour("2026/01/02/03")
    lake.put_rows(hour, [row()])
    discover(lake)
    age_silver_ai(lake, hour)

    run = discover(lake)

    assert hours_of(run) == [hour.path]
    assert run.output["model_calls"] == 0


def age_silver_ai(stack: Stack, hour: Hour) -> None:
    """Lets a second pass, the resolution of object times, and writes the Silver object again."""
    time.sleep(1.1)
    source = hour.key("linkedin/", "a.parquet")
    bucket = stack.outputs["silver_bucket"]
    body = stack.client("s3").get_object(Bucket=bucket, Key=source)["Body"].read()
    stack.put_silver(hour, body)


def test_a_posting_touched_after_the_assembly_makes_its_partition_pending(lake: Stack) -> None:
    hour, columns = Hour("2026/01/02/04"), row()
    lake.put_rows(hour, [columns])
    discover(lake)
    lake.aws.advance_to(lake.aws.clock.now() + 60)
    posting = posting_of(columns)
    assert isinstance(posting, Posting)
    lake.enrich(posting, hour)

    run = discover(lake)

    assert hours_of(run) == [hour.path]
    assert run.output["model_calls"] == 0


def test_rows_to_retry_keep_a_partition_pending_until_they_fail_for_good(lake: Stack) -> None:
    hour = Hour("2026/01/02/05")
    lake.put_rows(hour, [row()])
    lake.aws.model.faults.malformed(times=9)

    pending = [discover(lake).output["has_work"] for _ in range(4)]

    assert pending == [True, True, True, False]
    assert lake.enriched(hour).to_pylist()[0]["pass1_success"] is False


def test_a_partition_that_failed_three_times_goes_behind_the_healthy_ones(lake: Stack) -> None:
    tired = Hour("2025/11/01/00")
    fresh = [Hour(f"2026/01/{day:02}/05") for day in range(1, 11)]
    for hour in (tired, *fresh):
        lake.put_rows(hour, [])
    touch(lake, tired, attempts={"N": "3"})

    first, second = discover(lake), discover(lake)

    assert hours_of(first) == [hour.path for hour in fresh]
    assert hours_of(second) == [tired.path]


def test_a_partition_that_somebody_holds_is_left_alone(lake: Stack) -> None:
    hour = Hour("2026/01/02/06")
    lake.put_rows(hour, [row()])
    touch(lake, hour, owner={"S": "another"}, lease={"N": "9999999999"})

    assert discover(lake).output["has_work"] is False


def test_one_poisoned_partition_does_not_block_the_others(lake: Stack) -> None:
    poisoned, healthy = Hour("2026/01/03/00"), Hour("2026/01/03/01")
    lake.put_silver(poisoned, b"no parquet", "broken.parquet")
    lake.put_rows(healthy, [row()])

    run = discover(lake)

    assert run.status == "SUCCEEDED"
    failed, done = sorted(run.output["partitions"], key=lambda entry: str(entry["status"]))
    assert (failed["status"], failed["error"]) == ("FAILED", "PartitionUnreadable")
    assert "broken.parquet" in failed["cause"]
    assert done["jobs_succeeded"] == 1
    assert run.output["failed_partitions"] == [poisoned.parts]


def test_it_fails_when_every_partition_failed(lake: Stack) -> None:
    for name in ("00", "01"):
        lake.put_silver(Hour(f"2026/01/04/{name}"), b"no parquet", "broken.parquet")

    run = discover(lake)

    assert (run.status, run.error) == ("FAILED", "EnrichmentFailed")
    assert "2026/01/04/01 PartitionUnreadable" in str(run.cause)


def test_a_deferred_partition_gets_a_second_round(lake: Stack) -> None:
    hour, columns = Hour("2026/01/05/00"), row()
    lake.put_rows(hour, [columns])
    posting = posting_of(columns)
    assert isinstance(posting, Posting)
    soon = int(lake.aws.clock.now()) + 60
    lake.client("dynamodb").put_item(
        TableName=lake.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"posting#{posting.job_posting_id}"},
            "sk": {"S": posting.content_hash},
            "overallStatus": {"S": "IN_PROGRESS"},
            "owner": {"S": "another"},
            "run": {"S": "another-run"},
            "lease": {"N": str(soon)},
        },
    )

    run = discover(lake)

    assert run.entered.count("WaitForOthers") == 1
    assert [entry["status"] for entry in run.output["partitions"]] == ["SUCCEEDED"]
    assert run.output["jobs_succeeded"] == 1


@pytest.mark.parametrize("prefix", ["linkedin/", "linkedin_ai/"])
def test_a_listing_error_raises(lake: Stack, prefix: str) -> None:
    lake.put_rows(Hour("2026/01/06/00"), [row()])
    lake.aws.faults.fail("s3:ListBucket", "AccessDenied", 403, times=99, matches=listing_of(prefix))

    run = discover(lake)

    assert (run.status, run.error) == ("FAILED", "States.TaskFailed")
    expected = (
        "S3.S3Exception" if prefix == "linkedin/" else "States.ExceedToleratedFailureThreshold"
    )
    assert json.loads(str(run.cause))["Error"] == expected


def listing_of(prefix: str) -> Any:
    def matches(request: Request) -> bool:
        return prefix in request.query.get("prefix", [""])[0]

    return matches


def test_other_prefixes_are_not_seen(lake: Stack) -> None:
    s3, bucket = lake.client("s3"), lake.outputs["silver_bucket"]
    for key in (
        "linkedin/year=2026/month=1/day=3/hour=4/a.parquet",
        "linkedin/year=2026/month=01/day=03/hour=4/a.parquet",
        "linkedin/year=2026/month=01/day=03/hour=04/_SUCCESS",
        "linkedin/readme.txt",
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")

    assert discover(lake).output["has_work"] is False


@pytest.mark.slow
def test_the_schedule_starts_exactly_one_execution_at_six(lake: Stack) -> None:
    states = lake.client("stepfunctions")
    machine = lake.outputs["enrich_partitions_arn"]
    before = {e["executionArn"] for e in executions(states, machine)}
    now = datetime.fromtimestamp(lake.aws.clock.now(), UTC)
    six = now.replace(hour=6, minute=0, second=0, microsecond=0).timestamp()
    six = six if six > now.timestamp() else six + 86_400

    lake.aws.advance_to(six - 1)
    assert {e["executionArn"] for e in executions(states, machine)} == before
    lake.aws.advance_to(six + 3600)

    started = [e for e in executions(states, machine) if e["executionArn"] not in before]
    assert len(started) == 1
    run = lake.ended(started[0]["executionArn"])
    given = json.loads(run.of("ExecutionStarted")[0]["executionStartedEventDetails"]["input"])
    assert given == {"source": "scheduled", "time": "daily-6am-utc"}


def executions(states: Any, machine: str) -> list[dict[str, Any]]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    return [execution for page in pages for execution in page["executions"]]


@pytest.mark.parametrize(
    "name",
    ["enrich_partitions", "enrich_partition", "enrich_posting", "find_pending_partitions"],
)
def test_the_deployed_definition_is_the_rendered_file(stack: Stack, name: str) -> None:
    answer = stack.client("stepfunctions").describe_state_machine(
        stateMachineArn=stack.outputs[f"{name}_arn"]
    )
    text = (ROOT / "workflows" / f"{name}.asl.json").read_text(encoding="utf-8")
    deployed = json.loads(answer["definition"])
    values = substitutions(json.loads(text), deployed)

    assert json.loads(render(name, text, values)) == deployed
    assert answer["loggingConfiguration"]["level"] == "ERROR"
    assert answer["loggingConfiguration"]["includeExecutionData"] is False


def substitutions(template: Any, deployed: Any) -> dict[str, str]:
    """The values that the deployed definition has where the file has ${Name}."""
    found: dict[str, str] = {}

    def walk(left: Any, right: Any) -> None:
        if isinstance(left, dict):
            for key in left:
                walk(left[key], right[key])
        elif isinstance(left, list):
            for pair in zip(left, right, strict=True):
                walk(*pair)
        elif isinstance(left, str) and "${" in left:
            names = re.findall(r"\$\{(\w+)\}", left)
            pattern = re.sub(r"\\\$\\\{\w+\\\}", "(.*?)", re.escape(left))
            matched = re.fullmatch(pattern, right, re.S)
            assert matched, left
            found.update(zip(names, matched.groups(), strict=True))

    walk(template, deployed)
    return found


def test_a_changed_prompt_costs_its_pass_and_the_later_ones(lake: Stack, tmp_path: Path) -> None:
    hour = new_hour()
    lake.put_rows(hour, [row()])
    lake.enrich_partition(hour)
    before = lake.calls
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "build", "node_modules", "tests", "docs")
    shutil.copytree(ROOT, project, ignore=ignored)
    prompt = project / "prompts" / "pass2.md"
    prompt.write_text(prompt.read_text(encoding="utf-8") + "\nTake your time.\n", encoding="utf-8")
    compiled = compiled_passes(project)
    original = compiled_passes(ROOT)

    put_passes(lake, original[0], compiled[1])
    changed = lake.enrich_partition(hour)
    put_passes(lake, original[0], original[1])
    back = lake.enrich_partition(hour)

    assert lake.calls == before + 2
    assert changed.output["model_calls"] == 2
    assert back.output["model_calls"] == 0


def compiled_passes(root: Path) -> tuple[str, str]:
    passes = compile_passes(root, dict.fromkeys(("pass1", "pass2", "pass3"), "offline-rules-v1"))
    return passes.version, passes.body


def put_passes(stack: Stack, version: str, body: str) -> None:
    """Puts other passes where the deployed workflow reads its own."""
    stack.client("s3").put_object(
        Bucket=stack.outputs["artifacts_bucket"],
        Key=f"config/passes/{version}.json",
        Body=body.encode(),
    )
