"""enrich_partition: N rows in, N rows out; every Catch and every Retry; metrics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.postings import Posting, posting_of
from embedded_aws.model.faults import Target
from tests.queue_stack import set_limit, settle
from tests.stack import Hour, Run, Stack, new_hour, posting_input, row
from tests.workflows.definitions import redefined

NAMESPACE = "DataEngineerJobs/AIEnrichment"
METRICS = {
    "JobsProcessed": "jobs_processed",
    "JobsSucceeded": "jobs_succeeded",
    "TokensUsed": "total_tokens",
    "CostUSD": "total_cost_usd",
}


def posting(columns: dict[str, Any]) -> Posting:
    found = posting_of(columns)
    assert isinstance(found, Posting)
    return found


def enriched_rows(stack: Stack, hour: Hour) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = stack.enriched(hour).to_pylist()
    return rows


def test_rows_of_all_kinds_come_out_in_their_order(stack: Stack) -> None:
    hour, same = new_hour(), row()
    rows = [
        row(),
        same,
        row(job_posting_id=None),
        row(job_posting_id="  "),
        row(job_title=None),
        same,
        row(job_description_text="We&#x2019;re hiring &amp; growing. Python and SQL."),
        row(job_description_text="x " * 50_000),
        row(job_description_text=None, job_summary="Python and SQL in Lisbon."),
    ]
    stack.put_rows(hour, rows)
    before = stack.calls

    run = stack.enrich_partition(hour)

    assert run.status == "SUCCEEDED", (run.error, run.cause)
    out = enriched_rows(stack, hour)
    assert [r["job_posting_id"] for r in out] == [r["job_posting_id"] for r in rows]
    assert [r["pass3_success"] for r in out] == [True, True, False, False, *[True] * 5]
    assert all("job_posting_id" in r["enrichment_errors"] for r in (out[2], out[3]))
    assert out[1]["ext_must_have_hard_skills"] == out[5]["ext_must_have_hard_skills"]
    assert stack.calls == before + 3 * 6
    assert run.output["jobs_processed"] == 9
    assert run.output["jobs_succeeded"] == 7


def test_zero_rows_write_an_empty_file(stack: Stack) -> None:
    hour, full = new_hour(), new_hour()
    stack.put_rows(hour, [])
    stack.put_rows(full, [row()])

    run = stack.enrich_partition(hour)
    stack.enrich_partition(full)

    assert run.output["jobs_processed"] == 0
    assert stack.enriched(hour).num_rows == 0
    assert stack.enriched(hour).schema.equals(stack.enriched(full).schema)


def test_an_all_failed_partition_has_the_same_schema(stack: Stack) -> None:
    good, bad = new_hour(), new_hour()
    stack.put_rows(good, [row()])
    stack.put_rows(bad, [row(), row()])
    stack.enrich_partition(good)
    stack.aws.model.faults.malformed(times=None)

    run = stack.enrich_partition(bad)

    assert run.output["jobs_succeeded"] == 0
    assert run.output["jobs_retryable"] == 2
    assert stack.enriched(bad).schema.equals(stack.enriched(good).schema)
    assert all("Pass 1: " in r["enrichment_errors"] for r in enriched_rows(stack, bad))


def test_again_without_the_result_costs_no_call_and_gives_equal_rows(stack: Stack) -> None:
    hour = new_hour()
    stack.put_rows(hour, [row() for _ in range(4)])
    stack.enrich_partition(hour)
    first, before = stack.enriched(hour), stack.calls
    stack.client("s3").delete_object(
        Bucket=stack.outputs["silver_bucket"], Key=hour.key("linkedin_ai/", "data.parquet")
    )

    run = stack.enrich_partition(hour)

    assert stack.calls == before
    assert stack.enriched(hour).equals(first)
    assert run.output["model_calls"] == 0
    assert run.output["total_tokens"] == 0


def test_a_crashed_child_is_a_flagged_row(stack: Stack) -> None:
    hour = new_hour()
    rows = [row(), row(), row()]
    stack.put_rows(hour, rows)
    doomed = f'posting#{rows[1]["job_posting_id"]}"'.encode()
    stack.aws.faults.fail(
        "dynamodb:UpdateItem",
        "ValidationException",
        matches=lambda request: doomed in request.body and b"passes.#pass" in request.body,
    )

    run = stack.enrich_partition(hour)

    out = enriched_rows(stack, hour)
    assert run.status == "SUCCEEDED"
    assert [r["enrichment_errors"] is None for r in out] == [True, False, True]
    assert run.output["jobs_retryable"] == 1
    assert stack.partition_item(hour)["retryable"] == {"N": "1"}


def test_a_child_that_died_after_its_last_pass_is_settled_by_the_next_run(stack: Stack) -> None:
    hour, columns = new_hour(), row()
    stack.put_rows(hour, [columns])
    stack.aws.faults.fail("dynamodb:TransactWriteItems", "ValidationException")

    died = stack.enrich_partition(hour)
    settle(stack)
    before = stack.calls
    again = stack.enrich_partition(hour)

    assert died.output["jobs_retryable"] == 1
    assert (again.output["jobs_retryable"], stack.calls) == (0, before)
    assert stack.posting_item(posting(columns))["overallStatus"] == {"S": "COMPLETED"}


def test_a_posting_held_elsewhere_defers_the_partition(stack: Stack) -> None:
    hour, columns = new_hour(), row()
    stack.put_rows(hour, [columns])
    held = posting(columns)
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"posting#{held.job_posting_id}"},
            "sk": {"S": held.content_hash},
            "overallStatus": {"S": "IN_PROGRESS"},
            "owner": {"S": "another"},
            "run": {"S": "another-run"},
            "lease": {"N": "9999999999"},
        },
    )

    run = stack.enrich_partition(hour)

    assert (run.status, run.error) == ("FAILED", "PartitionDeferred")
    item = stack.partition_item(hour)
    assert item["attempts"] == {"N": "0"}
    assert "owner" not in item


def test_postings_that_get_no_slot_defer_the_partition(stack: Stack) -> None:
    hour = new_hour()
    stack.put_rows(hour, [row(), row()])
    settle(stack)
    set_limit(stack, 0)
    with redefined(stack, "enrich_posting", "$number('28800')", "$number('60')"):
        deferred = stack.enrich_partition(hour)
    set_limit(stack, 5)
    item = stack.partition_item(hour)

    again = stack.enrich_partition(hour)

    assert (deferred.status, deferred.error) == ("FAILED", "PartitionDeferred")
    assert "2 postings of this partition wait for their turn" in str(deferred.cause)
    assert item["attempts"] == {"N": "0"}
    assert "owner" not in item
    assert again.output["jobs_succeeded"] == 2


def test_a_claimed_partition_is_found_by_its_status_and_a_free_one_is_not(stack: Stack) -> None:
    good, bad = new_hour(), new_hour()
    stack.put_rows(good, [row()])
    stack.put_silver(bad, b"no parquet")

    for hour in (good, bad):
        run = stack.enrich_partition(hour)
        claimed = run.of("TaskScheduled")[0]["taskScheduledEventDetails"]["parameters"]
        assert "PARTITION_IN_PROGRESS" in claimed
        assert not {"overallStatus", "updatedAt"} & stack.partition_item(hour).keys()


@pytest.mark.parametrize("body", [b"", b"PAR1 is not all", b"PAR1" + b"\0" * 64 + b"PAR1"])
def test_an_unreadable_file_fails_loudly(stack: Stack, body: bytes) -> None:
    hour = new_hour()
    stack.put_silver(hour, body, "broken.parquet")

    run = stack.enrich_partition(hour)

    assert (run.status, run.error) == ("FAILED", "PartitionUnreadable")
    assert "broken.parquet" in str(run.cause)
    assert "owner" not in stack.partition_item(hour)
    assert run.entered[-2:] == ["ReleasePartition", "PartitionFailed"]


@pytest.mark.parametrize(
    "partition",
    [
        None,
        {"year": "2026", "month": "1", "day": "31", "hour": "06"},
        {"year": "2026", "month": "01", "day": "31"},
        {"year": 2026, "month": "01", "day": "31", "hour": "06"},
        {"year": "2026", "month": "13", "day": "31", "hour": "06"},
        {"year": "2026", "month": "01", "day": "00", "hour": "06"},
        {"year": "2026", "month": "01", "day": "31", "hour": "24"},
    ],
)
def test_a_partition_that_is_none_is_refused(stack: Stack, partition: Any) -> None:
    run = stack.run("enrich_partition", {"partition": partition})

    assert (run.status, run.error) == ("FAILED", "InvalidPartition")
    assert "zero-padded" in str(run.cause)


def test_a_partition_held_elsewhere_is_busy(stack: Stack) -> None:
    hour = new_hour()
    stack.put_rows(hour, [row()])
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"partition#{hour.path[:10]}"},
            "sk": {"S": hour.path[11:]},
            "owner": {"S": "another"},
            "lease": {"N": "9999999999"},
        },
    )

    run = stack.enrich_partition(hour)

    assert (run.status, run.error) == ("FAILED", "PartitionBusy")
    assert stack.partition_item(hour)["owner"] == {"S": "another"}


@pytest.mark.parametrize("function", ["read_partition", "assemble_partition"])
def test_one_crash_of_a_function_is_made_good(stack: Stack, function: str) -> None:
    hour = new_hour()
    stack.put_rows(hour, [row(), row()])
    stack.aws.functions.faults.crash(stack.outputs[f"{function}_function"], times=1)

    run = stack.enrich_partition(hour)

    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert stack.enriched(hour).num_rows == 2


@pytest.mark.parametrize("function", ["read_partition", "assemble_partition"])
def test_a_function_that_always_crashes_fails_the_partition_and_the_next_run_mends_it(
    stack: Stack, function: str
) -> None:
    hour = new_hour()
    stack.put_rows(hour, [row(), row()])
    stack.aws.functions.faults.crash(stack.outputs[f"{function}_function"], times=3)

    failed = stack.enrich_partition(hour)
    assert (failed.status, failed.error) == ("FAILED", "Runtime.ExitError")
    before = stack.calls
    mended = stack.enrich_partition(hour)

    assert mended.output["jobs_succeeded"] == 2
    assert stack.calls - before == (6 if function == "read_partition" else 0)


def test_the_partition_item_counts_rows_failures_and_attempts(stack: Stack) -> None:
    hour = new_hour()
    stack.put_rows(hour, [row(), row(job_title="Odd One")])
    stack.aws.model.faults.malformed(times=3, target=Target(title="Odd One"))

    stack.enrich_partition(hour)
    failed = stack.partition_item(hour)
    stack.enrich_partition(hour)
    mended = stack.partition_item(hour)

    assert (failed["rows"], failed["failed"], failed["attempts"]) == (
        {"N": "2"},
        {"N": "1"},
        {"N": "1"},
    )
    assert (mended["failed"], mended["retryable"], mended["attempts"]) == (
        {"N": "0"},
        {"N": "0"},
        {"N": "0"},
    )
    assert mended["touched_at"]["S"] <= mended["assembled_at"]["S"]


def test_metrics_are_read_back_with_and_without_dimension(stack: Stack) -> None:
    hour = new_hour()
    stack.put_rows(hour, [row(), row(), row(), row(job_title="Odd Metric")])
    stack.aws.model.faults.malformed(times=3, target=Target(title="Odd Metric"))
    earliest = datetime.fromtimestamp(stack.aws.clock.now() + 600, UTC)
    stack.aws.advance_to(earliest.timestamp())

    run = stack.enrich_partition(hour)

    for dimensions in ([{"Name": "Partition", "Value": hour.path}], []):
        for name, field in METRICS.items():
            found = statistics(stack, name, dimensions, earliest)
            assert found["Sum"] == pytest.approx(run.output[field]), (name, dimensions)
        for number in (1, 2, 3):
            found = statistics(stack, f"Pass{number}SuccessRate", dimensions, earliest)
            expected = run.output["pass_rates"][f"pass{number}"] * 100
            assert expected == 75
            assert found["Sum"] / found["SampleCount"] == pytest.approx(expected)


def statistics(
    stack: Stack, name: str, dimensions: list[dict[str, str]], earliest: datetime
) -> dict[str, float]:
    points = stack.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=name,
        Dimensions=dimensions,
        StartTime=earliest - timedelta(minutes=5),
        EndTime=earliest + timedelta(hours=1),
        Period=60,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return {name: sum(point[name] for point in points) for name in ("Sum", "SampleCount")}


def test_the_first_claim_wins_between_a_partition_and_a_single_posting(stack: Stack) -> None:
    hour, columns = new_hour(), row()
    stack.put_rows(hour, [columns])
    before = stack.calls

    arn = stack.start("enrich_posting", posting_input(posting(columns), hour))
    run: Run = stack.enrich_partition(hour)
    stack.ended(arn)

    assert stack.calls == before + 3
    assert run.status == "SUCCEEDED" or run.error == "PartitionDeferred"
