"""sweep_slots: what dead executions hold is freed once, what running ones hold never."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from common.postings import Posting
from tests.queue_stack import dead_jobs, job, owners, send_jobs, set_limit, settle
from tests.stack import Hour, Run, Stack, new_hour, new_posting, posting_input, row
from tests.workflows.error_cases import UPDATE, body
from tests.workflows.holds import (
    claim_partition,
    claim_posting,
    dead,
    dead_unreadable,
    forgotten,
    hold_slot,
    release,
)

FREED = {"checked", "alive", "slots", "postings", "partitions", "dead_letters"}


@pytest.fixture
def quiet(stack: Stack) -> Iterator[Stack]:
    """The stack with no claims, no slots held and no dead letters, before and after."""
    _clean(stack)
    yield stack
    stack.clear_faults()
    _clean(stack)


def _clean(stack: Stack) -> None:
    set_limit(stack, 5)
    settle(stack)
    stack.empty_lake()
    for call in owners(stack):
        release(stack, call)
    dead_jobs(stack)


def sweep(stack: Stack, **request: Any) -> Run:
    run = stack.run("sweep_slots", request or {"source": "test", "time": "now"})
    assert run.status == "FAILED" or set(run.output) == FREED
    return run


def freed(run: Run) -> dict[str, int]:
    """What a sweep did, without what it did not."""
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    return {name: count for name, count in run.output.items() if count and name != "checked"}


# --- owners


def waiting(stack: Stack, request: Any) -> str:
    """The ARN of a running enrich_posting: its model has no slots."""
    set_limit(stack, 0)
    arn = stack.start("enrich_posting", request)
    states = stack.client("stepfunctions")
    while not _entered(states, arn, "AcquireSlot"):
        assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    return arn


def _entered(states: Any, arn: str, state: str) -> bool:
    events = states.get_execution_history(executionArn=arn, maxResults=200)["events"]
    return any(e.get("stateEnteredEventDetails", {}).get("name") == state for e in events)


# --- the tests


def test_nothing_held_is_nothing_to_free(quiet: Stack) -> None:
    run = sweep(quiet)

    assert run.output == dict.fromkeys(FREED, 0)
    assert len(run.events) < 40


def test_a_running_execution_keeps_what_it_holds(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    with quiet.aws.clock.hold():  # its wait for a slot would end otherwise
        arn = waiting(quiet, posting_input(posting, hour))
        hold_slot(quiet, f"{arn}|pass1|7")
        before = quiet.posting_item(posting)
        run, hinted = sweep(quiet), sweep(quiet, execution=arn)
        after, held = quiet.posting_item(posting), owners(quiet)
        set_limit(quiet, 5)

    assert freed(run) == {"alive": 2}
    assert freed(hinted) == {"alive": 1}
    assert after == before
    assert f"{arn}|pass1|7" in held
    release(quiet, f"{arn}|pass1|7")
    assert quiet.ended(arn).output["outcome"] == "COMPLETED"


def test_what_a_dead_execution_holds_is_freed_once(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    arn = dead(quiet, posting_input(posting, hour))
    claim_posting(quiet, posting, arn)
    hold_slot(quiet, f"{arn}|pass1|1")
    hold_slot(quiet, f"{arn}|pass1|2")

    first, second = sweep(quiet), sweep(quiet)

    assert freed(first) == {"slots": 2, "postings": 1}
    assert freed(second) == {}
    assert owners(quiet) == {}
    item = quiet.posting_item(posting)
    assert item["overallStatus"] == {"S": "FAILED"}
    assert item["retryCount"] == {"N": "1"}
    assert not {"owner", "lease"} & item.keys()
    assert dead_jobs(quiet) == []  # a posting of a partition is a flagged row there


def test_a_freed_posting_is_enriched_by_the_next_run(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    claim_posting(quiet, posting, dead(quiet, posting_input(posting, hour)))
    sweep(quiet)

    run = quiet.enrich(posting, hour)

    assert run.output["outcome"] == "COMPLETED"
    assert quiet.posting_item(posting)["retryCount"] == {"N": "0"}


def test_a_dead_job_is_a_dead_letter_once_however_many_sweeps_see_it(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    message = job(posting, hour)
    record = [{"messageId": "m-1", "body": json.dumps(message)}]
    arn = dead(quiet, record)
    dead_jobs(quiet)  # of the event
    quiet.aws.advance_to(quiet.aws.clock.now() + 301)  # its deduplication is over
    claim_posting(quiet, posting, arn)

    with quiet.aws.clock.hold():
        arns = [quiet.start("sweep_slots", request) for request in ({}, {}, {"execution": arn})]
    runs = [quiet.ended(sweep_arn) for sweep_arn in arns]

    assert sum(freed(run).get("postings", 0) for run in runs) == 1
    (letter,) = dead_jobs(quiet)
    assert json.loads(letter["message"]) == message
    assert letter["error"] == "DynamoDB.AmazonDynamoDBException"
    assert letter["execution"] == arn
    assert letter["reason"].startswith("The execution ended FAILED outside of its handlers (")
    assert letter["reason"].endswith("; the next discovery takes the posting up again.")
    assert quiet.posting_item(posting)["overallStatus"] == {"S": "FAILED"}


def test_the_event_of_a_death_frees_at_once(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    with quiet.aws.clock.hold():
        set_limit(quiet, 0)
        send_jobs(quiet, [job(posting, hour)])
        arn = _claimed(quiet, posting)
        hold_slot(quiet, f"{arn}|pass1|1")
        quiet.client("stepfunctions").stop_execution(
            executionArn=arn, error="Stopped", cause="by hand"
        )
        set_limit(quiet, 5)
    settle(quiet)

    item = quiet.posting_item(posting)
    assert item["overallStatus"] == {"S": "FAILED"}
    assert item["retryCount"] == {"N": "0"}  # stopped by somebody: no failed run of the posting
    assert "owner" not in item
    assert owners(quiet) == {}
    (letter,) = dead_jobs(quiet)
    assert (letter["error"], letter["execution"]) == ("Stopped", arn)
    assert "ended ABORTED" in letter["reason"]
    assert "(by hand)" in letter["reason"]


def _claimed(stack: Stack, posting: Posting) -> str:
    """The owner of a posting that is on its way; the clock may stand still."""
    while "owner" not in (item := stack.posting_item(posting)):
        pass
    return str(item["owner"]["S"])


def test_the_last_of_the_runs_that_died_fails_the_posting_for_good(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    arn = dead(quiet, posting_input(posting, hour))
    claim_posting(quiet, posting, arn, retryCount={"N": "2"})

    run = sweep(quiet)

    assert freed(run) == {"postings": 1, "dead_letters": 1}
    item = quiet.posting_item(posting)
    assert (item["overallStatus"], item["retryCount"]) == ({"S": "PERMANENTLY_FAILED"}, {"N": "3"})
    (letter,) = dead_jobs(quiet)
    assert json.loads(letter["message"])["posting"]["job_posting_id"] == posting.job_posting_id
    assert letter["reason"].endswith("; that was run 3 of 3, and the last.")


def test_a_job_that_died_before_its_claim_is_not_lost(quiet: Stack) -> None:
    hour, columns = Hour("2026/01/09/01"), row()
    quiet.put_rows(hour, [columns])
    quiet.aws.faults.fail(UPDATE, "ValidationException", matches=body(b"ADD claims"))

    found = quiet.run("discover_postings", {})
    settle(quiet)

    assert found.output["sent"] == 1
    (letter,) = dead_jobs(quiet)
    posting = Posting(**{k: v for k, v in _posting_of(letter).items() if k in POSTING_FIELDS})
    assert quiet.posting_item(posting)["overallStatus"] == {"S": "FAILED"}
    assert quiet.run("discover_postings", {}).output["sent"] == 1
    settle(quiet)
    assert quiet.posting_item(posting)["overallStatus"] == {"S": "COMPLETED"}


POSTING_FIELDS = {"job_posting_id", "source", "title", "company", "location", "text"}


def _posting_of(letter: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(letter["message"])["posting"]
    return found


def test_a_job_whose_message_cannot_be_read_is_a_dead_letter_too(quiet: Stack) -> None:
    arn = dead_unreadable(quiet, "no JSON")

    (letter,) = dead_jobs(quiet)
    assert letter["message"] == "no JSON"
    assert letter["execution"] == arn


def test_a_duplicate_that_died_takes_nothing_from_the_one_at_work(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    claim_posting(quiet, posting, "another")
    before = quiet.posting_item(posting)

    dead(quiet, [{"messageId": "m-3", "body": json.dumps(job(posting, hour))}])

    assert quiet.posting_item(posting) == before
    assert dead_jobs(quiet) == []


def test_an_execution_that_finished_before_it_was_stopped_needs_nothing(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    done = quiet.run(
        "enrich_posting", [{"messageId": "m-4", "body": json.dumps(job(posting, hour))}]
    )
    before = quiet.posting_item(posting)

    run = sweep(quiet, execution=done.arn)

    assert freed(run) == {}
    assert quiet.posting_item(posting) == before
    assert dead_jobs(quiet) == []


def test_a_forgotten_execution_is_dead(quiet: Stack) -> None:
    posting = new_posting()
    arn = forgotten(quiet)
    claim_posting(quiet, posting, arn)
    hold_slot(quiet, f"{arn}|pass3|1")

    assert freed(sweep(quiet)) == {"slots": 1, "postings": 1}


def test_a_partition_of_a_dead_execution_is_enriched_by_the_next(quiet: Stack) -> None:
    hour = Hour("2026/01/09/02")
    quiet.put_rows(hour, [row()])
    claim_partition(quiet, hour, forgotten(quiet))
    assert quiet.enrich_partition(hour).error == "PartitionBusy"

    run = sweep(quiet)

    assert freed(run) == {"partitions": 1}
    assert not {"owner", "lease", "overallStatus", "updatedAt"} & quiet.partition_item(hour).keys()
    assert quiet.partition_item(hour)["attempts"] == {"N": "1"}
    assert quiet.enrich_partition(hour).status == "SUCCEEDED"


def test_a_stopped_partition_frees_itself_and_its_postings(quiet: Stack) -> None:
    hour = Hour("2026/01/09/03")
    quiet.put_rows(hour, [row(), row()])
    with quiet.aws.clock.hold():
        set_limit(quiet, 0)
        arn = quiet.start("enrich_partition", {"partition": hour.parts})
        while len(in_progress(quiet)) < 2:
            pass
        quiet.client("stepfunctions").stop_execution(executionArn=arn)
        set_limit(quiet, 5)
    settle(quiet)

    assert "owner" not in quiet.partition_item(hour)
    assert in_progress(quiet) == []
    assert quiet.enrich_partition(hour).output["jobs_succeeded"] == 2


def in_progress(stack: Stack) -> list[dict[str, Any]]:
    answer = stack.client("dynamodb").query(
        TableName=stack.outputs["enrichment_status_table"],
        IndexName="overallStatus-updatedAt-index",
        KeyConditionExpression="overallStatus = :status",
        ExpressionAttributeValues={":status": {"S": "IN_PROGRESS"}},
    )
    return list(answer["Items"])


def test_one_owner_that_cannot_be_judged_does_not_keep_the_others(quiet: Stack) -> None:
    odd, posting, hour = new_posting(), new_posting(), new_hour()
    claim_posting(quiet, odd, "no execution at all")
    claim_posting(quiet, posting, dead(quiet, posting_input(posting, hour)))

    run = sweep(quiet)

    assert (run.status, run.error) == ("FAILED", "SweepIncomplete")
    assert "states:DescribeExecution on resource: no execution at all" in str(run.cause)
    assert quiet.posting_item(posting)["overallStatus"] == {"S": "FAILED"}
    assert quiet.posting_item(odd)["owner"] == {"S": "no execution at all"}


def test_many_claims_are_looked_at_page_by_page(quiet: Stack) -> None:
    postings = [new_posting() for _ in range(450)]
    for number, posting in enumerate(postings):
        claim_posting(quiet, posting, forgotten(quiet, f"gone-{number}"))

    run = sweep(quiet)

    assert freed(run) == {"postings": 450}
    assert run.entered.count("ReadPage") == 1 + 3 + 1
    assert len(run.events) < 100


def test_the_schedule_sweeps_every_quarter_of_an_hour(quiet: Stack) -> None:
    posting, hour = new_posting(), new_hour()
    claim_posting(quiet, posting, dead(quiet, posting_input(posting, hour)))
    assert "owner" in quiet.posting_item(posting)

    quiet.aws.advance_to(quiet.aws.clock.now() + 16 * 60)
    settle(quiet)

    assert "owner" not in quiet.posting_item(posting)
