"""discover_postings: which postings are queued, how many, in which order, and none of them lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.postings import Posting, posting_of
from embedded_aws.dataplane.faults import Request
from tests.queue_stack import JOBS, dead_jobs, queue_url, set_limit, settle
from tests.stack import Hour, Run, Stack, row
from tests.workflows import ceiling
from tests.workflows.definitions import redefined
from tests.workflows.error_cases import body

NONE = {"complete": 0, "permanently_failed": 0, "queued": 0, "in_progress": 0}
DAY = [Hour(f"2026/01/11/{hour:02}") for hour in range(24)]
WORKFLOW = "discover_postings"


@pytest.fixture
def lake(stack: Stack) -> Iterator[Stack]:
    """The stack with nothing in it."""
    _clean(stack)
    yield stack
    stack.clear_faults()
    _clean(stack)


@pytest.fixture
def still(lake: Stack) -> Iterator[Stack]:
    """The same while nobody takes messages out of the queue."""
    pipe = lake.outputs["enrichment_jobs_pipe"]
    lake.client("pipes").stop_pipe(Name=pipe)
    yield lake
    taken(lake)
    lake.client("pipes").start_pipe(Name=pipe)


def _clean(stack: Stack) -> None:
    set_limit(stack, 5)
    settle(stack)
    stack.empty_lake()
    dead_jobs(stack)


def discover(stack: Stack) -> Run:
    run = stack.run(WORKFLOW, {"source": "test", "time": "now"})
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    return run


def taken(stack: Stack) -> list[dict[str, Any]]:
    """Takes all messages out of the queue, in their order."""
    url, sqs, found = queue_url(stack, JOBS), stack.client("sqs"), []
    while messages := sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=0,
        MessageSystemAttributeNames=["MessageGroupId", "MessageDeduplicationId"],
    ).get("Messages"):
        found += [{**json.loads(m["Body"]), "attributes": m["Attributes"]} for m in messages]
        handles = [
            {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=handles)
    return found


def put(stack: Stack, hour: Hour, count: int, **columns: Any) -> list[Posting]:
    """New postings in a partition of their own."""
    rows = [row(**columns) for _ in range(count)]
    stack.put_rows(hour, rows)
    return [found for r in rows if isinstance(found := posting_of(r), Posting)]


def change(stack: Stack, posting: Posting, **attributes: Any) -> None:
    """Writes attributes of a posting's item."""
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": f"posting#{posting.job_posting_id}"},
            "sk": {"S": posting.content_hash},
            **stack.posting_item(posting),
            **attributes,
        },
    )


def moment(stack: Stack, **ago: float) -> str:
    time = datetime.fromtimestamp(stack.aws.clock.now(), UTC) - timedelta(**ago)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


PER_RUN = '"budget": "{{% $number(\'{}\') %}}"'
BATCH = '"size": "{{% $number(\'{}\') %}}"'


def setting(stack: Stack, text: str, old: int, new: int) -> AbstractContextManager[None]:
    """Another value of a setting than the deployed one."""
    return redefined(stack, WORKFLOW, text.format(old), text.format(new))


# --- what is sent


def test_an_empty_lake_is_no_work(lake: Stack) -> None:
    assert discover(lake).output == {
        "has_work": False,
        "reason": "no partition is pending",
        "total_pending": 0,
        "processing_count": 0,
        "sent": 0,
        "skipped": NONE,
        "partitions": [],
    }


def test_each_posting_without_a_result_is_one_message(still: Stack) -> None:
    hour, columns = DAY[0], row()
    rows = [columns, columns, row(job_posting_id=None), row(job_posting_id=" "), row()]
    still.put_rows(hour, rows)

    run = discover(still)
    messages = taken(still)

    assert run.output["sent"] == len(messages) == 2
    assert run.output["partitions"] == [
        {"partition": hour.parts, "rows": 5, "items": 2, "sent": 2, "unsent": 0, "left": 0} | NONE
    ]
    (message,) = (
        m for m in messages if m["posting"]["job_posting_id"] == columns["job_posting_id"]
    )
    posting = posting_of(columns)
    assert isinstance(posting, Posting)
    assert message["posting"] == {
        "job_posting_id": posting.job_posting_id,
        "content_hash": posting.content_hash,
        "source": posting.source,
        "title": posting.title,
        "company": posting.company,
        "location": posting.location,
        "text": posting.text,
        "partition": hour.path,
    }
    assert message["run"] == run.arn.rpartition(":")[2]
    assert (message["attempt"], message["force"], message["passes"]) == (1, False, None)
    assert message["attributes"]["MessageGroupId"] == posting.job_posting_id
    item = still.posting_item(posting)
    assert item["overallStatus"] == {"S": "PENDING"}
    assert item["partition"] == {"S": hour.path}
    assert item["queued_at"]["S"] == item["updatedAt"]["S"] == item["createdAt"]["S"]


def test_an_id_that_cannot_name_a_message_group_is_hashed(still: Stack) -> None:
    put(still, DAY[0], 1, job_posting_id="Führung für Köln")

    discover(still)

    (message,) = taken(still)
    assert len(message["attributes"]["MessageGroupId"]) == 64


def test_a_second_run_sends_nothing_that_is_still_queued(still: Stack) -> None:
    put(still, DAY[0], 3)
    discover(still)

    run = discover(still)

    assert run.output["sent"] == 0
    assert run.output["skipped"] == NONE | {"queued": 3}
    assert len(taken(still)) == 3


def test_only_what_lacks_a_result_and_is_in_nobodys_hands_is_sent(still: Stack) -> None:
    hour = DAY[1]
    postings = put(still, hour, 10)
    lapsed, live = {"N": "1"}, {"N": "9999999999"}
    statuses: list[dict[str, Any]] = [
        {"overallStatus": {"S": "COMPLETED"}},
        {"overallStatus": {"S": "PERMANENTLY_FAILED"}},
        {"overallStatus": {"S": "PENDING"}, "queued_at": {"S": moment(still, hours=23)}},
        {"overallStatus": {"S": "IN_PROGRESS"}, "owner": {"S": "another"}, "lease": live},
        {"overallStatus": {"S": "IN_PROGRESS"}, "owner": {"S": "another"}, "lease": lapsed},
        {"overallStatus": {"S": "PENDING"}, "queued_at": {"S": moment(still, hours=25)}},
        {"overallStatus": {"S": "PENDING"}},
        {"overallStatus": {"S": "FAILED"}, "retryCount": {"N": "2"}},
    ]
    for posting, status in zip(postings, statuses, strict=False):
        change(still, posting, **status)

    run = discover(still)

    assert run.output["skipped"] == dict.fromkeys(NONE, 1)
    sent = {message["posting"]["job_posting_id"] for message in taken(still)}
    assert sent == {posting.job_posting_id for posting in postings[4:]}
    assert "owner" not in still.posting_item(postings[4])
    assert still.posting_item(postings[7])["retryCount"] == {"N": "2"}


def test_a_posting_of_two_partitions_is_sent_once(still: Stack) -> None:
    columns = row()
    for hour in DAY[:2]:
        still.put_rows(hour, [columns])

    run = discover(still)

    assert run.output["sent"] == 1
    assert run.output["skipped"]["queued"] == 1
    assert len(taken(still)) == 1


# --- how many, in which order


def test_the_limit_of_a_run_holds_to_the_posting_and_the_oldest_come_first(still: Stack) -> None:
    for number, hour in enumerate(reversed(DAY[:6])):
        put(still, hour, 4, job_title=f"Engineer {5 - number}")
    with setting(still, PER_RUN, 1000, 10):
        run = discover(still)

    titles = sorted(message["posting"]["title"] for message in taken(still))
    assert run.output["sent"] == 10
    assert titles == ["Engineer 0"] * 4 + ["Engineer 1"] * 4 + ["Engineer 2"] * 2
    assert [p["left"] for p in run.output["partitions"]] == [0, 0, 2]
    assert run.output["total_pending"] == 6


def test_the_limit_of_a_partition_holds_over_all_its_batches(still: Stack) -> None:
    put(still, DAY[0], 240, job_description_text="Python and SQL.")
    put(still, DAY[1], 3)

    first, second = discover(still), discover(still)

    assert [p["sent"] for p in first.output["partitions"]] == [100, 3]
    assert first.output["partitions"][0]["left"] == 140
    assert [p["sent"] for p in second.output["partitions"]] == [100, 0]
    assert second.output["partitions"][0]["queued"] == 100
    messages = taken(still)
    assert len({m["posting"]["job_posting_id"] for m in messages}) == len(messages) == 203


def test_what_is_out_already_counts_against_the_limit_of_a_run(still: Stack) -> None:
    for hour in DAY[:4]:
        put(still, hour, 5)
    with setting(still, PER_RUN, 1000, 10):
        runs = [discover(still), discover(still)]
        taken(still)
        for partition in runs[0].output["partitions"]:
            mark_complete(still, partition["partition"])
        runs.append(discover(still))

    assert [run.output["sent"] for run in runs] == [10, 0, 10]


def mark_complete(stack: Stack, partition: dict[str, str]) -> None:
    """Lets all queued postings of a partition have their results."""
    dynamodb, table = stack.client("dynamodb"), stack.outputs["enrichment_status_table"]
    path = "/".join(partition.values())
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if item.get("partition") == {"S": path}:
                complete = {**item, "overallStatus": {"S": "COMPLETED"}}
                dynamodb.put_item(TableName=table, Item=complete)


@pytest.mark.parametrize("size", [1, 3, 10])
def test_messages_are_sent_in_batches_of_the_setting(still: Stack, size: int) -> None:
    put(still, DAY[0], 13)
    sizes: list[int] = []

    def look(request: Request) -> bool:
        sizes.append(len(json.loads(request.body)["Entries"]))
        return False

    still.aws.faults.fail("sqs:SendMessage", "Never", matches=look)
    with setting(still, BATCH, 1, size):
        run = discover(still)

    assert run.output["sent"] == len(taken(still)) == 13
    whole, rest = divmod(13, size)
    assert sorted(sizes, reverse=True) == [size] * whole + [rest] * (rest > 0)


@pytest.mark.parametrize(
    "text", ['"\\' * 6_000, "\U0001f680" * 12_000, "\n" * 2 + "ü€\t" * 4_000], ids=ascii
)
def test_the_longest_texts_fit_into_every_payload(still: Stack, text: str) -> None:
    put(still, DAY[0], 25, job_description_text=text)
    with setting(still, BATCH, 1, 10):
        run = discover(still)

    messages = taken(still)
    assert run.output["sent"] == len(messages) == 25
    assert {message["posting"]["text"] for message in messages} == {text.strip()}


def test_a_thousand_postings_leave_a_small_history(still: Stack) -> None:
    for hour in DAY[:10]:
        put(still, hour, 100)
    with setting(still, BATCH, 1, 10):
        run = discover(still)

    assert run.output["sent"] == 1000
    assert len(run.events) < 400
    payloads = [json.dumps(event, default=str) for event in run.events]
    assert max(map(len, payloads)) < 16_000
    assert not any("Senior Data Engineer" in payload for payload in payloads)
    assert len(taken(still)) == 1000


# --- nothing is lost


def test_messages_that_the_queue_does_not_take_are_sent_again(still: Stack) -> None:
    put(still, DAY[0], 5)
    still.aws.faults.fail("sqs:SendMessage", "InternalError", 500, times=2)

    assert discover(still).output["sent"] == 5
    assert len(taken(still)) == 5


def test_messages_that_cannot_be_sent_are_counted_and_sent_by_the_next_run(still: Stack) -> None:
    first, second = put(still, DAY[0], 5), put(still, DAY[1], 1)
    doomed = first[2].job_posting_id.encode()
    still.aws.faults.fail("sqs:SendMessage", "AccessDenied", 403, times=99, matches=body(doomed))

    run = discover(still)
    still.clear_faults()
    again = discover(still)

    partition = run.output["partitions"][0]
    assert (partition["sent"], partition["unsent"], partition["left"]) == (4, 1, 1)
    assert partition["error"] == "Sqs.SqsException"
    assert run.output["sent"] == 5
    assert again.output["sent"] == 1
    assert again.output["skipped"]["queued"] == 5
    sent = [message["posting"]["job_posting_id"] for message in taken(still)]
    assert sorted(sent) == sorted(p.job_posting_id for p in first + second)


def test_a_batch_that_dies_is_among_what_is_left(still: Stack) -> None:
    put(still, DAY[0], 3)
    put(still, DAY[1], 2)
    still.aws.faults.fail("dynamodb:BatchGetItem", "ValidationException", times=1)

    run = discover(still)

    failed, fine = run.output["partitions"]
    assert (failed["sent"], failed["left"]) == (0, 3)
    assert failed["error"] == "DynamoDb.DynamoDbException"
    assert fine["sent"] == 2
    assert discover(still).output["sent"] == 3


def test_an_unreadable_partition_does_not_block_the_others(still: Stack) -> None:
    still.put_silver(DAY[0], b"no parquet", "broken.parquet")
    put(still, DAY[1], 1)

    run = discover(still)

    failed, fine = run.output["partitions"]
    assert failed["error"] == "PartitionUnreadable"
    assert "broken.parquet" in failed["cause"]
    assert fine["sent"] == 1
    assert still.partition_item(DAY[0])["attempts"] == {"N": "1"}


def test_it_fails_when_no_partition_could_be_looked_through(still: Stack) -> None:
    still.put_silver(DAY[0], b"no parquet")

    run = still.run(WORKFLOW, {})

    assert (run.status, run.error) == ("FAILED", "DiscoveryFailed")
    assert "2026/01/11/00 PartitionUnreadable" in str(run.cause)


def test_two_runs_at_once_send_every_posting_once(still: Stack) -> None:
    for hour in DAY[:3]:
        put(still, hour, 7)

    with still.aws.clock.hold():
        arns = [still.start(WORKFLOW, {}) for _ in range(2)]
    runs = [still.ended(arn) for arn in arns]
    rest = discover(still)

    ids = [message["posting"]["job_posting_id"] for message in taken(still)]
    assert sum(run.output["sent"] for run in runs) + rest.output["sent"] == len(ids)
    assert len(set(ids)) == len(ids) == 21


# --- both paths


def test_a_queued_posting_is_in_silver_ai_at_the_next_assembly_without_a_call(lake: Stack) -> None:
    hour = DAY[2]
    put(lake, hour, 4)

    assert discover(lake).output["sent"] == 4
    settle(lake)
    before = lake.calls
    looked = discover(lake)
    daily = lake.run("enrich_partitions", {})

    assert looked.output["skipped"] == NONE | {"complete": 4}
    assert lake.calls == before
    assert daily.output["jobs_succeeded"] == 4
    assert all(r["pass3_success"] for r in lake.enriched(hour).to_pylist())
    assert lake.run("enrich_partitions", {}).output["has_work"] is False


def test_what_was_looked_through_is_not_read_again(lake: Stack) -> None:
    put(lake, DAY[2], 2)
    discover(lake)
    settle(lake)

    assert discover(lake).output["processing_count"] == 1
    assert discover(lake).output["reason"] == "no partition is pending"
    assert lake.run("find_pending_partitions", {}).output["total_pending"] == 1


def test_a_failed_posting_is_tried_in_later_runs_until_it_failed_for_good(lake: Stack) -> None:
    (posting,) = put(lake, DAY[3], 1)
    lake.aws.model.faults.malformed(times=None)

    sent = []
    for _ in range(5):
        sent.append(discover(lake).output["sent"])
        settle(lake)

    assert sent == [1, 1, 1, 0, 0]
    assert lake.posting_item(posting)["overallStatus"] == {"S": "PERMANENTLY_FAILED"}
    assert len(dead_jobs(lake)) == 1


def test_a_posting_touched_after_the_assembly_makes_its_partition_pending(lake: Stack) -> None:
    hour = DAY[4]
    (posting,) = put(lake, hour, 1)
    lake.aws.model.faults.malformed(times=3)
    assert lake.run("enrich_partitions", {}).output["jobs_failed"] == 1

    assert discover(lake).output["sent"] == 1
    settle(lake)
    assert lake.posting_item(posting)["overallStatus"] == {"S": "COMPLETED"}
    before = lake.calls

    assert lake.run("enrich_partitions", {}).output["jobs_succeeded"] == 1
    assert lake.calls == before


def test_a_partition_that_is_being_enriched_is_left_alone(still: Stack) -> None:
    put(still, DAY[5], 1)
    still.client("dynamodb").put_item(
        TableName=still.outputs["enrichment_status_table"],
        Item={
            "pk": {"S": "partition#2026/01/11"},
            "sk": {"S": "05"},
            "owner": {"S": "another"},
            "lease": {"N": "9999999999"},
        },
    )

    assert discover(still).output["has_work"] is False


# --- the daily spend ceiling


@pytest.fixture
def spent(lake: Stack) -> Iterator[Stack]:
    """Five USD of a ceiling of five were spent today."""
    put(lake, DAY[6], 1)
    ceiling.spend(lake, 5.0)
    with ceiling.ceiling(lake, 5):
        yield lake
    ceiling.forget(lake)


@pytest.mark.parametrize("workflow", [WORKFLOW, "enrich_partitions"])
def test_the_ceiling_stops_both_paths(spent: Stack, workflow: str) -> None:
    run = spent.run(workflow, {})

    assert run.output["has_work"] is False
    assert "the daily spend ceiling" in run.output["reason"]
    assert "5.00 USD since midnight UTC" in run.output["reason"]


def test_the_ceiling_is_published_for_its_alarm(spent: Stack) -> None:
    start = datetime.fromtimestamp(spent.aws.clock.now(), UTC)
    discover(spent)

    points = spent.client("cloudwatch").get_metric_statistics(
        Namespace="DataEngineerJobs/AIEnrichment",
        MetricName="SpendCeilingReached",
        Dimensions=[{"Name": "Stack", "Value": "local"}],
        StartTime=start - timedelta(minutes=1),
        EndTime=start + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert sum(point["Sum"] for point in points) >= 1


def test_a_lifted_ceiling_stops_nothing_for_its_day_alone(spent: Stack) -> None:
    ceiling.lift(spent, days_ago=1)
    assert "ceiling" in discover(spent).output["reason"]

    ceiling.lift(spent)
    assert discover(spent).output["sent"] == 1


def test_what_was_spent_below_the_ceiling_or_yesterday_stops_nothing(spent: Stack) -> None:
    ceiling.spend(spent, 4.99)
    assert discover(spent).output["has_work"] is True

    ceiling.spend(spent, 50.0, days_ago=1)
    assert discover(spent).output["has_work"] is True


# --- the schedule


def test_the_schedule_starts_it_every_hour(lake: Stack) -> None:
    states, machine = lake.client("stepfunctions"), lake.outputs[f"{WORKFLOW}_arn"]
    before = {e["executionArn"] for e in executions(states, machine)}

    lake.aws.advance_to(lake.aws.clock.now() + 3 * 3600)

    started = [e for e in executions(states, machine) if e["executionArn"] not in before]
    assert len(started) == 3
    run = lake.ended(started[0]["executionArn"])
    given = json.loads(run.of("ExecutionStarted")[0]["executionStartedEventDetails"]["input"])
    assert given == {"source": "scheduled", "time": "hourly"}


def executions(states: Any, machine: str) -> list[dict[str, Any]]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    return [execution for page in pages for execution in page["executions"]]
