"""build_gold over a small dbt project: order, failures, verdicts, and one build at a time."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from tests.stack import ROOT, Stack, new_hour
from tests.workflows.definitions import redefined
from tests.workflows.gold import (
    AFTER_ENRICHMENT,
    NOW,
    WAREHOUSE,
    aged,
    build,
    executions,
    lock,
    put_postings,
    runner_set,
    set_lock,
)

STEPS = [
    *("WarmUp", "CheckFreshness", "IsFresh", "Seed", "Staging", "Dimensions", "DimensionsBuilt"),
    *("Facts", "Bridges", "BridgesBuilt", "Aggregations", "Quality", "Test", "Docs"),
    *("PublishDocs", "Judge", "NotifySuccess", "Release", "HasSucceeded", "Built"),
]
DEAD = "arn:aws:states:us-east-1:123456789012:execution:data-engineer-jobs-local-build-gold:dead"


@pytest.fixture(scope="module")
def stack(gold_stack: Stack) -> Stack:
    return gold_stack


@pytest.fixture
def told(stack: Stack) -> Iterator[Any]:
    """What the topic sends, read from a queue of this test."""
    sqs, sns = stack.client("sqs"), stack.client("sns")
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    url = sqs.create_queue(QueueName="told-of-gold", Attributes={"Policy": policy})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    subscription = sns.subscribe(
        TopicArn=stack.outputs["gold_topic_arn"], Protocol="sqs", Endpoint=arn["QueueArn"]
    )["SubscriptionArn"]

    def messages() -> list[dict[str, Any]]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        return [json.loads(message["Body"]) for message in found.get("Messages", ())]

    yield messages
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)


def test_builds_step_by_step_and_tells(stack: Stack, told: Any, tmp_path: Path) -> None:
    run = build(stack)

    assert run.status == "SUCCEEDED", run.cause
    assert [name for name in run.entered if name in STEPS] == STEPS
    assert run.output["verdict"] == "GREEN"
    assert run.output["models_success"] == 9
    assert run.output["tests_passed"] == 4
    (message,) = told()
    assert message["Subject"] == "[GREEN] Gold was built (local)"
    assert json.loads(message["Message"]) == run.output
    page = stack.client("s3").get_object(Bucket=stack.outputs["docs_bucket"], Key="index.html")
    assert b"fact_posting" in page["Body"].read()
    assert _rows(stack, tmp_path, "select count(*) from gold.bridge_a") == [(4,)]
    assert "owner" not in lock(stack)


def test_log_lines_follow_their_schema_and_results_have_groups_of_their_own(stack: Stack) -> None:
    run = build(stack)
    schema = json.loads((ROOT / "schemas" / "dbt_log.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    lines = [json.loads(line) for line in _log(stack, "dbt_runner") if line.startswith("{")]
    assert {line["step"] for line in lines} >= {"warm-up", "facts", "test", "docs"}
    assert [error.message for line in lines for error in validator.iter_errors(line)] == []

    name = run.output["run_id"]
    models = [e for e in map(json.loads, _log(stack, "gold_run_results")) if e["execution"] == name]
    tests = [e for e in map(json.loads, _log(stack, "gold_test_results")) if e["execution"] == name]
    assert {(e["step"], e["name"], e["status"]) for e in models} >= {
        ("seed", "seed_word", "success"),
        ("facts", "fact_posting", "success"),
        ("quality", "dq_posting", "success"),
    }
    assert len(models) == 9
    assert [e["status"] for e in tests] == ["pass"] * 4


def test_metrics_count_models_and_tests_of_every_command(stack: Stack) -> None:
    before = _sums(stack)
    build(stack)
    after = _sums(stack)
    change = {name: after[name] - before.get(name, 0) for name in after}
    assert change.pop("RunDuration") > 0
    assert change == {
        "ModelsSuccess": 9,
        "ModelsError": 0,
        "TestsPassed": 4,
        "TestsFailed": 0,
        "StaleSources": 0,
    }


def _sums(stack: Stack) -> dict[str, float]:
    cloudwatch = stack.client("cloudwatch")
    found = cloudwatch.list_metrics(Namespace="DataEngineerJobs/Gold")["Metrics"]
    year = timedelta(days=365)
    return {
        metric["MetricName"]: sum(
            point["Sum"]
            for point in cloudwatch.get_metric_statistics(
                **metric,
                StartTime=NOW - 2 * year,
                EndTime=NOW + year,
                Period=86400 * 365,
                Statistics=["Sum"],
            )["Datapoints"]
        )
        for metric in found
    }


def _log(stack: Stack, name: str) -> list[str]:
    """All messages of a log group."""
    logs, group = stack.client("logs"), stack.outputs[f"{name}_log_group"]
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    return [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], limit=10_000
        )["events"]
    ]


@pytest.mark.slow
def test_the_next_build_looks_only_at_what_changed(stack: Stack, tmp_path: Path) -> None:
    before = build(stack)
    hour = new_hour()
    put_postings(stack, hour, ["c"])
    # The stack's clock is virtual and S3's is not: the last good build is moved to yesterday.
    set_lock(stack, last_good_started_at="2026-03-01 00:00:00")

    assert build(stack).status == "SUCCEEDED"

    found = _rows(stack, tmp_path, "select distinct changed from gold.fact_posting")
    assert hour.path in found[0][0].split()
    assert before.output["run_id"] not in str(
        _rows(stack, tmp_path, "select distinct run_id from gold.fact_posting")
    )


def test_a_failing_model_is_named_in_message_and_cause(stack: Stack, told: Any) -> None:
    last_good = lock(stack)["last_good_started_at"]
    with runner_set(stack, SMALL_BRIDGE_COLUMN=", nowhere"):
        run = build(stack)

    assert (run.status, run.error) == ("FAILED", "DbtModelsFailed")
    told_of = json.loads(told()[0]["Message"])
    assert told_of == json.loads(run.cause or "")
    assert told_of["step"] == "bridges-b"
    assert [each["name"] for each in told_of["failed"]] == ["bridge_b"]
    assert "dbt-runner" in told_of["log_url"]
    assert "bridges-a" in told_of["steps"], "the other half is not torn down"
    assert "Facts" in run.entered
    assert "Aggregations" not in run.entered
    assert lock(stack)["last_good_started_at"] == last_good
    assert "owner" not in lock(stack)


def _rows(stack: Stack, folder: Path, query: str) -> list[tuple[Any, ...]]:
    file = folder / "analytics.duckdb"
    stack.client("s3").download_file(stack.outputs["artifacts_bucket"], WAREHOUSE, str(file))
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_critical_test_ends_the_build_and_others_are_a_verdict(stack: Stack, told: Any) -> None:
    with runner_set(stack, SMALL_NEW_WORD="three"):
        run = build(stack)
    assert run.status == "SUCCEEDED"
    assert run.output["verdict"] == "YELLOW"
    assert run.output["tests_failed"] == 2
    assert set(run.output["checks"][1]["failures"]) == {
        "accepted_values_dim_word_word__one__two",
        "assert_no_third_word",
    }
    assert told()[0]["Subject"] == "[YELLOW] Gold was built (local)"

    with runner_set(stack, SMALL_LOST_WORD="two"):
        run = build(stack)
    assert (run.status, run.error) == ("FAILED", "DbtTestsFailed")
    assert json.loads(run.cause or "")["step"] == "test"
    assert json.loads(run.cause or "")["failed"][0]["name"] == "not_null_dim_word_word"


def test_a_new_column_needs_a_full_refresh_and_the_message_says_so(stack: Stack) -> None:
    with runner_set(stack, SMALL_FACT_COLUMN=", 1 as extra"):
        run = build(stack)
        assert (run.status, run.error) == ("FAILED", "DbtSchemaChanged")
        assert "`dej gold build --full-refresh`" in json.loads(run.cause or "")["message"]

        assert build(stack, full_refresh=True).status == "SUCCEEDED"
    assert build(stack, full_refresh=True).status == "SUCCEEDED"


@pytest.mark.slow
def test_a_selection_builds_these_models_and_is_no_whole_build(stack: Stack) -> None:
    last_good = lock(stack)["last_good_started_at"]

    run = build(stack, select="agg_posting dq_posting")

    assert run.status == "SUCCEEDED", run.cause
    assert run.output["models_success"] == 2
    assert "Seed" not in run.entered
    assert lock(stack)["last_good_started_at"] == last_good


def test_a_stale_source_is_a_verdict_where_the_gate_only_warns(stack: Stack) -> None:
    with aged(stack, timedelta(days=3)):
        run = build(stack)

    assert run.status == "SUCCEEDED"
    assert run.output["verdict"] == "YELLOW"
    assert run.output["checks"][0] == {
        "name": "freshness",
        "status": "YELLOW",
        "stale": ["linkedin"],
    }


def test_a_stale_source_stops_the_build_where_the_gate_says_so(
    stack: Stack, told: Any, tmp_path: Path
) -> None:
    last_good = lock(stack)["last_good_started_at"]
    stop = redefined(stack, "build_gold", "'warn' = 'stop'", "'stop' = 'stop'")
    with aged(stack, timedelta(days=3)), stop:
        run = build(stack)

    assert (run.status, run.error) == ("FAILED", "SourceStale")
    (message,) = told()
    assert message["Subject"] == "[STALE DATA] Gold was not built: freshness (local)"
    assert message["MessageAttributes"]["error"]["Value"] == "SourceStale"
    told_of = json.loads(message["Message"])
    assert told_of == json.loads(run.cause or "")
    assert told_of["message"] == (
        "No new rows in linkedin within the time that its freshness allows."
    )
    # AND no model ran
    assert told_of["steps"] == ["warm-up", "freshness"]
    query = f"select count(*) from gold.fact_posting where run_id = '{told_of['run_id']}'"
    assert _rows(stack, tmp_path, query) == [(0,)]
    assert lock(stack)["last_good_started_at"] == last_good
    assert "owner" not in lock(stack)


def test_a_burst_of_starts_makes_one_build_and_one_follow_up(stack: Stack) -> None:
    known = {run["executionArn"] for run in executions(stack)}
    for _ in range(50):
        stack.start("build_gold", {"source": "burst"})
    runs = _settled(stack, known, 51)

    found = [json.loads(run["output"]) for run in runs]
    assert Counter(each["status"] for each in found) == {"SUCCEEDED": 2, "COALESCED": 49}
    (first,) = (each for each in found if "follow_up" in each)
    (last,) = (json.loads(r["output"]) for r in runs if r["executionArn"] == first["follow_up"])
    assert (first["source"], last["source"]) == ("burst", "again")


@pytest.mark.slow
def test_a_coalesced_full_refresh_is_made_up_for(stack: Stack) -> None:
    known = {run["executionArn"] for run in executions(stack)}
    stack.start("build_gold", {})
    while "owner" not in lock(stack):
        time.sleep(0.05)
    stack.start("build_gold", {"full_refresh": True})
    runs = _settled(stack, known, 3)

    found = {run["executionArn"]: json.loads(run["output"]) for run in runs}
    (first,) = (each for each in found.values() if "follow_up" in each)
    assert not first["full_refresh"]
    assert found[first["follow_up"]]["full_refresh"]


@pytest.mark.slow
def test_a_dead_owner_is_taken_over(stack: Stack) -> None:
    set_lock(stack, owner=DEAD, again=DEAD, last_good_started_at="2026-01-01 00:00:00")
    run = build(stack)
    assert run.status == "SUCCEEDED"
    assert "TakeOver" in run.entered

    stopped = stack.start("build_gold", {})
    while "owner" not in lock(stack):
        time.sleep(0.05)
    stack.client("stepfunctions").stop_execution(executionArn=stopped)
    run = build(stack)
    assert run.status == "SUCCEEDED", "the owner is the stopped execution"
    assert "TakeOver" in run.entered
    assert "owner" not in lock(stack)


def test_enrichment_starts_a_build_only_if_it_had_work(stack: Stack) -> None:
    known = {run["executionArn"] for run in executions(stack)}
    idle = {"detail-type": "x", "detail": {"output": json.dumps({"has_work": False})}}
    assert build(stack, **idle).output["status"] == "NOTHING_NEW"
    known |= {run["executionArn"] for run in executions(stack)}

    stack.client("events").enable_rule(Name=AFTER_ENRICHMENT)
    try:
        enriched = stack.run("enrich_partitions", {"source": "test", "time": "now"})
        (run,) = _settled(stack, known, 1)
    finally:
        stack.client("events").disable_rule(Name=AFTER_ENRICHMENT)
    assert enriched.status == "SUCCEEDED"
    assert json.loads(run["output"])["source"] == "enrichment"


def _settled(stack: Stack, known: set[str], count: int) -> list[dict[str, Any]]:
    """The executions beyond the known ones, once there are so many and none runs."""
    deadline = time.monotonic() + 120
    while True:
        runs = [run for run in executions(stack) if run["executionArn"] not in known]
        if len(runs) >= count and not any(run["status"] == "RUNNING" for run in runs):
            return runs
        assert time.monotonic() < deadline, Counter(run["status"] for run in runs)
        time.sleep(0.2)
