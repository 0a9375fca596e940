"""Every alarm rings for its cause and ends with it, and a subscriber of the topic is told both."""

from __future__ import annotations

import http.server
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest

from cli.enrichment import slots
from cli.enrichment.switches import chosen, pause, resume
from cli.stack import Stack as Place
from embedded_aws.model.faults import Target
from tests.queue_stack import SLOT_REQUESTS, SLOTS_TABLE, job, queue_url, send_jobs
from tests.stack import Stack, new_hour, new_posting, row
from tests.workflows.watch import MINUTE, PREFIX, Watch, purge, watching

MODEL = "offline-rules-v1"


@pytest.fixture
def watch(stack: Stack) -> Iterator[Watch]:
    with watching(stack) as found:
        yield found


# --- queues


def test_dead_letters(watch: Watch) -> None:
    def unusable_messages() -> None:
        broken = [{"posting": {"job_posting_id": f"x-{n}", "content_hash": "0"}, "run": f"r-{n}",
                   "attempt": 1} for n in range(11)]  # fmt: skip
        send_jobs(watch.stack, broken)
        watch.until(lambda: visible(watch.stack, "enrichment-jobs-dlq.fifo") == 11)

    watch.rings("dead-letters-warning", unusable_messages)
    purge(watch.stack, "enrichment-jobs-dlq.fifo")
    watch.ends("dead-letters-warning")


def test_a_lost_slot_request(watch: Watch) -> None:
    def garbage() -> None:
        watch.stack.client("sqs").send_message(
            QueueUrl=queue_url(watch.stack, SLOT_REQUESTS),
            MessageBody="nonsense",
            MessageGroupId=MODEL,
            MessageDeduplicationId=str(watch.stack.aws.clock.now()),
        )
        while not visible(watch.stack, "slot-requests-dlq.fifo"):
            watch.after(1)

    watch.rings("lost-slot-requests-critical", garbage)
    purge(watch.stack, "slot-requests-dlq.fifo")
    watch.ends("lost-slot-requests-critical")


def test_nobody_grants_slots(watch: Watch) -> None:
    (pipe,) = chosen(watch.place, "slot-requests")
    pause(watch.place, pipe)
    posting = new_posting()
    send_jobs(watch.stack, [job(posting, new_hour())])

    watch.after(58)
    assert watch.states_of("oldest-slot-request-warning") == []
    watch.after(8)
    assert watch.states_of("oldest-slot-request-warning") == ["ALARM"]

    (pipe,) = chosen(watch.place, "slot-requests")
    resume(watch.place, pipe)
    watch.ends("oldest-slot-request-warning")
    # AND the posting that waited is done
    watch.until(lambda: watch.status(asdict(posting)) == "COMPLETED")


def visible(stack: Stack, name: str) -> int:
    names = ["ApproximateNumberOfMessages"]
    found = stack.client("sqs").get_queue_attributes(
        QueueUrl=queue_url(stack, name), AttributeNames=names
    )
    return int(found["Attributes"][names[0]])


# --- what runs


def test_the_error_rate_counts_both_paths(watch: Watch) -> None:
    stack = watch.stack

    def one_of_each_path_fails() -> None:
        stack.aws.model.faults.wrong_schema(times=6, target=Target(pass_name="pass1"))
        watch.enrich_queued(1)
        assert watch.enrich().output["outcome"] == "FAILED"
        assert watch.enrich().output["outcome"] == "COMPLETED"

    watch.rings("error-rate-warning", one_of_each_path_fails, periods=3)
    assert metric(watch, "PassesFailed") == 6
    assert metric(watch, "PassesSucceeded") == 9
    watch.ends("error-rate-warning")


def test_calls_without_an_answer_count_as_failed_passes(watch: Watch) -> None:
    watch.stack.aws.model.faults.fail("ValidationException", times=3)

    watch.enrich_queued(1)

    assert metric(watch, "PassesFailed") == 1
    assert metric(watch, "PassesSucceeded") == 0


def test_passes_that_all_succeed_are_no_errors(watch: Watch) -> None:
    watch.start_of_period()
    for _ in range(4):
        watch.enrich_queued(1)
        watch.start_of_period()

    assert watch.states_of("error-rate-warning") == []
    assert metric(watch, "PassesSucceeded") == 12


def metric(watch: Watch, name: str) -> float:
    """The sum over the last half hour."""
    end = watch.stack.aws.clock.now()
    found = watch.stack.client("cloudwatch").get_metric_statistics(
        Namespace="DataEngineerJobs/AIEnrichment",
        MetricName=name,
        Dimensions=[{"Name": "Stack", "Value": "local"}],
        StartTime=end - 30 * MINUTE,
        EndTime=end + 1,
        Period=MINUTE,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_executions_that_die(watch: Watch) -> None:
    stack = watch.stack

    def six_deaths() -> None:
        stack.aws.faults.fail(
            "dynamodb:UpdateItem",
            "ValidationException",
            times=6,
            matches=lambda request: b"posting#" in request.body,
        )
        for _ in range(6):
            assert watch.enrich().status == "FAILED"

    watch.rings("failed-executions-critical", six_deaths)
    watch.ends("failed-executions-critical")


def test_partitions_that_went_behind(watch: Watch) -> None:
    hour = new_hour()
    watch.stack.put_silver(hour, b"no Parquet")

    def cannot_be_read_three_times() -> None:
        for _ in range(3):
            assert watch.run("enrich_partition", {"partition": hour.parts}).status == "FAILED"
        watch.run("find_pending_partitions", {"path": "partition"})

    watch.rings("partitions-behind-warning", cannot_be_read_three_times)
    watch.stack.put_rows(hour, [row()])
    assert watch.run("enrich_partition", {"partition": hour.parts}).status == "SUCCEEDED"
    for _ in range(4):
        watch.after(60)
        watch.run("find_pending_partitions", {"path": "partition"})
    assert watch.states_of("partitions-behind-warning") == ["OK"]


# --- models and money


def test_slow_calls(watch: Watch) -> None:
    def one_slow_call() -> None:
        watch.stack.aws.model.faults.stall(150.0)
        watch.enrich()

    watch.rings(f"latency-{MODEL}-warning", one_slow_call, periods=3)
    watch.ends(f"latency-{MODEL}-warning")


def test_a_circuit_that_opens(watch: Watch) -> None:
    def throttled() -> None:
        watch.stack.aws.model.faults.throttle(times=9)
        watch.enrich_queued(4)

    watch.rings(f"circuit-{MODEL}-warning", throttled)
    watch.ends(f"circuit-{MODEL}-warning")


def test_the_spend_ceiling(watch: Watch) -> None:
    stack, posting = watch.stack, new_posting()

    def somebody_wants_a_slot() -> None:
        send_jobs(stack, [job(posting, new_hour())])

    with ceiling(stack, 1.0):
        spend(stack, 2.0)
        watch.rings("spend-ceiling-critical", somebody_wants_a_slot)
        assert watch.status(asdict(posting)) == "IN_PROGRESS"
        slots.lift(watch.place, watch.place.now().date().isoformat())
        watch.ends("spend-ceiling-critical")
        watch.until(lambda: watch.status(asdict(posting)) == "COMPLETED")


def spend(stack: Stack, usd: float) -> None:
    """What the model is said to have cost on the day of the clock."""
    day = Place("local", stack.aws.endpoint.url).now().date().isoformat()
    stack.client("dynamodb").update_item(
        TableName=SLOTS_TABLE,
        Key={"pk": {"S": "slots"}, "sk": {"S": MODEL}},
        UpdateExpression="SET spent = :spent",
        ExpressionAttributeValues={":spent": {"M": {day: {"N": str(usd)}}}},
    )


@contextmanager
def ceiling(stack: Stack, usd: float) -> Iterator[None]:
    """The granter as a stack with this ceiling has it."""
    states = stack.client("stepfunctions")
    arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{PREFIX}grant-slot"
    definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
    with_ceiling = definition.replace("'' = ''", f"'{usd}' = ''")
    with_ceiling = with_ceiling.replace("$number('')", f"$number('{usd}')")
    assert with_ceiling.count(f"'{usd}'") == 3, "grant_slot names its ceiling otherwise now"
    states.update_state_machine(stateMachineArn=arn, definition=with_ceiling)
    try:
        yield
    finally:
        states.update_state_machine(stateMachineArn=arn, definition=definition)
        spend(stack, 0.0)
        stack.client("dynamodb").delete_item(TableName=SLOTS_TABLE, Key=slots.SPEND)


# --- other subscribers


def test_an_https_endpoint_gets_the_same_by_post(watch: Watch) -> None:
    """Over HTTP: nothing on this machine has a certificate that the sender would trust."""
    posted: queue.Queue[dict[str, Any]] = queue.Queue()
    with receiving(posted) as endpoint:
        sns, topic = watch.stack.client("sns"), watch.stack.outputs["alarm_topic_arn"]
        made = sns.subscribe(
            TopicArn=topic, Protocol="http", Endpoint=endpoint, ReturnSubscriptionArn=True
        )
        confirmation = posted.get(timeout=10)
        assert confirmation["Type"] == "SubscriptionConfirmation"
        sns.confirm_subscription(TopicArn=topic, Token=confirmation["Token"])

        watch.stack.client("cloudwatch").set_alarm_state(
            AlarmName=f"{PREFIX}dead-letters-warning", StateValue="ALARM", StateReason="a test"
        )
        message = json.loads(posted.get(timeout=10)["Message"])

        assert (message["AlarmName"], message["NewStateValue"]) == (
            f"{PREFIX}dead-letters-warning",
            "ALARM",
        )
        sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])


@contextmanager
def receiving(posted: queue.Queue[dict[str, Any]]) -> Iterator[str]:
    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.put(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/alarms"
        server.shutdown()


def test_others_may_not_publish(watch: Watch) -> None:
    """The topic's policy lets alarms of this stack in, and no other service or alarm."""
    cloudwatch, topic = watch.stack.client("cloudwatch"), watch.stack.outputs["alarm_topic_arn"]
    cloudwatch.put_metric_alarm(
        AlarmName="of-somebody-else",
        Namespace="Tests",
        MetricName="N",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )

    cloudwatch.set_alarm_state(
        AlarmName="of-somebody-else", StateValue="ALARM", StateReason="a test"
    )

    assert watch.told() == []
    cloudwatch.delete_alarms(AlarmNames=["of-somebody-else"])
