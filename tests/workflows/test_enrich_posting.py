"""enrich_posting: happy path, cache, every Catch and every Retry, on the embedded AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.queue_stack import settle
from tests.stack import Run, Stack, new_hour, new_posting, posting_input

PASSES = ["pass1", "pass2", "pass3"]
STEPS = ["NextPass", "AcquireSlot", "InvokeModel", "ReleaseSlot", "ParseAndStore", "RecordPass"]


def passes_of(run: Run) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in run.output["passes"]}


def test_three_passes_end_in_bronze_status_and_output(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()

    run = stack.enrich(posting, hour)

    assert run.output["outcome"] == "COMPLETED"
    assert [entry["name"] for entry in run.output["passes"]] == PASSES
    assert all(entry["outcome"] == "ok" and not entry["cached"] for entry in run.output["passes"])
    item = stack.posting_item(posting)
    assert item["overallStatus"] == {"S": "COMPLETED"}
    assert "owner" not in item
    assert "lease" not in item
    for name in PASSES:
        key = item["passes"]["M"][name]["M"]["bronze_key"]["S"]
        body = stack.client("s3").get_object(Bucket=stack.outputs["bronze_bucket"], Key=key)["Body"]
        metadata = json.loads(body.read())["metadata"]
        assert metadata["key"] == item["passes"]["M"][name]["M"]["key"]["S"]
        assert metadata["job_posting_id"] == posting.job_posting_id
    assert "touched_at" in stack.partition_item(hour)


def test_an_error_free_posting_enters_22_states(stack: Stack) -> None:
    run = stack.enrich(new_posting(), new_hour())

    assert run.entered == ["Claim", "LoadPasses", *STEPS * 3, "NextPass", "Finish"]


def test_the_second_time_costs_no_call(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    first = stack.enrich(posting, hour)
    before = stack.calls

    second = stack.enrich(posting, hour)

    assert stack.calls == before
    assert all(entry["cached"] for entry in second.output["passes"])
    assert [e["tokens"] for e in second.output["passes"]] == [
        e["tokens"] for e in first.output["passes"]
    ]


def test_force_calls_again(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    before = stack.calls

    stack.enrich(posting, hour, force=True)

    assert stack.calls == before + 3


def test_a_lost_bronze_object_costs_only_its_pass(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    key = stack.posting_item(posting)["passes"]["M"]["pass2"]["M"]["bronze_key"]["S"]
    stack.client("s3").delete_object(Bucket=stack.outputs["bronze_bucket"], Key=key)
    before = stack.calls

    run = stack.enrich(posting, hour)

    assert stack.calls == before + 1
    assert [passes_of(run)[name]["cached"] for name in PASSES] == [True, False, True]


def test_an_unreadable_bronze_object_is_a_miss(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    stack.enrich(posting, hour)
    key = stack.posting_item(posting)["passes"]["M"]["pass1"]["M"]["bronze_key"]["S"]
    stack.client("s3").put_object(Bucket=stack.outputs["bronze_bucket"], Key=key, Body=b"{half")

    run = stack.enrich(posting, hour)

    assert run.output["outcome"] == "COMPLETED"
    assert not passes_of(run)["pass1"]["cached"]


def test_a_held_posting_is_deferred_in_the_partition_and_a_duplicate_in_the_queue(
    stack: Stack,
) -> None:
    posting, hour = new_posting(), new_hour()
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"posting#{posting.job_posting_id}"},
            "sk": {"S": posting.content_hash},
            "owner": {"S": "another"},
            "lease": {"N": "9999999999"},
        },
    )
    before = stack.calls

    assert stack.enrich(posting, hour).output["outcome"] == "DEFERRED"
    message = [{"body": json.dumps(posting_input(posting, hour))}]
    assert stack.run("enrich_posting", message).output["outcome"] == "DUPLICATE"
    assert stack.calls == before


def test_a_dead_lease_is_taken_over(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"posting#{posting.job_posting_id}"},
            "sk": {"S": posting.content_hash},
            "owner": {"S": "dead"},
            "lease": {"N": str(int(stack.aws.clock.now()) - 1)},
        },
    )

    assert stack.enrich(posting, hour).output["outcome"] == "COMPLETED"


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ("malformed", {"malformed", "schema"}),  # what a repair leaves of it may lack sections
        ("wrong_schema", {"schema"}),
        ("reasoning_only", {"no_json"}),
    ],
)
def test_a_text_that_is_no_result_is_called_again(
    stack: Stack, fault: str, outcomes: set[str]
) -> None:
    getattr(stack.aws.model.faults, fault)(times=2)
    before = stack.calls

    run = stack.enrich(new_posting(), new_hour())

    assert run.output["outcome"] == "COMPLETED"
    assert stack.calls == before + 5
    parsed = [
        json.loads(event["taskSucceededEventDetails"]["output"])["Payload"]["outcome"]
        for event in run.of("TaskSucceeded")
        if event["taskSucceededEventDetails"]["resourceType"] == "lambda"
    ]
    assert set(parsed[:2]) <= outcomes
    assert parsed[2:] == ["ok"] * 3


def test_three_bad_texts_fail_the_pass_and_skip_the_later_ones(stack: Stack) -> None:
    stack.aws.model.faults.malformed(times=3)
    posting, before = new_posting(), stack.calls

    run = stack.enrich(posting, new_hour())

    assert run.status == "SUCCEEDED"
    assert run.output["outcome"] == "FAILED"
    assert stack.calls == before + 3
    item = stack.posting_item(posting)
    assert item["overallStatus"] == {"S": "FAILED"}
    assert item["retryCount"] == {"N": "1"}
    assert list(item["passes"]["M"]) == ["pass1"]
    assert item["passes"]["M"]["pass1"]["M"]["attempts"] == {"N": "3"}


def test_a_truncated_text_is_asked_for_again_with_twice_the_limit(stack: Stack) -> None:
    stack.aws.model.faults.truncate(300, times=1)

    run = stack.enrich(new_posting(), new_hour())

    limits = [
        json.loads(event["taskScheduledEventDetails"]["parameters"])["Body"]
        for event in run.of("TaskScheduled")
        if event["taskScheduledEventDetails"]["resource"] == "invokeModel"
    ]
    sizes = [body.get("max_tokens") or body.get("max_completion_tokens") for body in limits]
    assert run.output["outcome"] == "COMPLETED"
    assert sizes[1] == 2 * sizes[0]
    assert sizes[2] == sizes[0]


def test_after_three_failed_runs_nothing_is_called_any_more_but_by_force(stack: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    stack.aws.model.faults.malformed(times=9)
    for _ in range(3):
        stack.enrich(posting, hour)
    assert stack.posting_item(posting)["overallStatus"] == {"S": "PERMANENTLY_FAILED"}
    before = stack.calls

    run = stack.enrich(posting, hour)

    assert run.output["outcome"] == "FAILED"
    assert stack.calls == before
    assert stack.posting_item(posting)["retryCount"] == {"N": "3"}
    assert stack.enrich(posting, hour, force=True).output["outcome"] == "COMPLETED"
    assert stack.posting_item(posting)["overallStatus"] == {"S": "COMPLETED"}


@pytest.mark.parametrize(
    "error",
    [
        "ThrottlingException",
        "ServiceUnavailableException",
        "ModelTimeoutException",
        "ModelNotReadyException",
        "InternalServerException",
    ],
)
def test_a_throttled_call_waits_and_is_no_attempt(stack: Stack, error: str) -> None:
    stack.aws.model.faults.fail(error, times=2)
    posting = new_posting()

    run = stack.enrich(posting, new_hour())

    assert run.output["outcome"] == "COMPLETED"
    assert run.entered.count("Backoff") == 2
    item = stack.posting_item(posting)
    assert item["passes"]["M"]["pass1"]["M"]["attempts"] == {"N": "1"}


def test_endless_throttling_waits_more_than_a_quota_minute_and_fails_the_pass(
    stack: Stack,
) -> None:
    stack.aws.model.faults.throttle(times=6)
    posting, started = new_posting(), stack.aws.clock.now()

    run = stack.enrich(posting, new_hour())

    assert run.output["outcome"] == "FAILED"
    assert passes_of(run)["pass1"]["outcome"] == "throttled"
    assert stack.aws.clock.now() - started > 120
    error = stack.posting_item(posting)["passes"]["M"]["pass1"]["M"]["error"]["S"]
    assert error.startswith("Bedrock.ThrottlingException")


def test_a_refused_call_is_an_attempt(stack: Stack) -> None:
    stack.aws.model.faults.fail("ValidationException", times=3)
    posting = new_posting()

    run = stack.enrich(posting, new_hour())

    assert passes_of(run)["pass1"]["outcome"] == "call_failed"
    error = stack.posting_item(posting)["passes"]["M"]["pass1"]["M"]["error"]["S"]
    assert error.startswith("Bedrock.ValidationException: Planned by a test.")


def test_a_crash_of_parse_response_counts_as_an_attempt(stack: Stack) -> None:
    stack.aws.functions.faults.crash(stack.outputs["parse_response_function"], times=1)
    posting, before = new_posting(), stack.calls

    run = stack.enrich(posting, new_hour())

    assert run.output["outcome"] == "COMPLETED"
    assert stack.calls == before + 4
    assert stack.posting_item(posting)["passes"]["M"]["pass1"]["M"]["attempts"] == {"N": "2"}


def test_a_state_that_fails_for_good_fails_the_execution_and_loses_nothing(stack: Stack) -> None:
    stack.aws.faults.fail("dynamodb:TransactWriteItems", "ValidationException")
    posting, hour = new_posting(), new_hour()

    run = stack.enrich(posting, hour)

    assert (run.status, run.error) == ("FAILED", "DynamoDb.DynamoDbException")
    settle(stack)  # the event of its end starts the sweep
    item = stack.posting_item(posting)
    assert item["overallStatus"] == {"S": "FAILED"}
    assert not {"owner", "lease"} & set(item)
    assert set(item["passes"]["M"]) == set(PASSES)


def test_of_two_executions_at_once_one_calls(stack: Stack) -> None:
    posting, hour, before = new_posting(), new_hour(), stack.calls
    request = posting_input(posting, hour)

    arns = [stack.start("enrich_posting", request) for _ in range(2)]
    outcomes = sorted(stack.ended(arn).output["outcome"] for arn in arns)

    assert stack.calls == before + 3
    assert outcomes in (["COMPLETED", "DEFERRED"], ["COMPLETED", "COMPLETED"])


def test_a_changed_posting_costs_three_calls_and_changing_it_back_none(stack: Stack) -> None:
    hour = new_hour()
    first = new_posting(job_posting_id="changing")
    stack.enrich(first, hour)
    before = stack.calls

    stack.enrich(new_posting(job_posting_id="changing", job_title="Lead Data Engineer"), hour)
    changed = stack.calls
    stack.enrich(first, hour)

    assert changed == before + 3
    assert stack.calls == changed
