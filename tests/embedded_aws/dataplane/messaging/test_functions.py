"""Functions invoked by queues, topics, rules and asynchronously, with retries and destinations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.server import EmbeddedAws

LOGS = [("logs:CreateLogGroup", "*"), ("logs:CreateLogStream", "*"), ("logs:PutLogEvents", "*")]
READ = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
KEEP = """
import json
import boto3

def handler(event, context):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="seen")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    if event.get("raise"):
        raise ValueError("as asked")
    failed = [r["messageId"] for r in event.get("Records", []) if r.get("body") == "fail"]
    return {"batchItemFailures": [{"itemIdentifier": i} for i in failed]}
"""


@pytest.fixture
def seen(plumbing: Any) -> str:
    return str(plumbing.queue("seen"))


@pytest.fixture
def keep(account: Any, seen: str) -> str:
    """A function that sends each event to the queue `seen`."""
    everything = [("sqs:*", "arn:aws:sqs:us-east-1:123456789012:*")]
    return str(
        account.function("keep", KEEP, account.role("function", "lambda", *everything, *LOGS))
    )


def bodies(plumbing: Any, queue: str) -> list[Any]:
    return [json.loads(message["Body"]) for message in plumbing.take(queue)]


def test_a_mapping_invokes_with_records_and_keeps_what_failed(
    plumbing: Any, keep: str, seen: str
) -> None:
    dead = plumbing.queue("dead")
    queue = plumbing.queue("jobs", dead, receives=2)
    plumbing.send(queue, "fine")
    bad = plumbing.send(queue, "fail")
    mapping = plumbing.client("lambda").create_event_source_mapping(
        EventSourceArn=queue,
        FunctionName="keep",
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    assert mapping["State"] == "Enabled"
    plumbing.after(300)
    events = bodies(plumbing, seen)
    assert [[r["body"] for r in event["Records"]] for event in events] == [
        ["fine", "fail"],
        ["fail"],
    ]
    assert [m["MessageId"] for m in plumbing.take(dead)] == [bad]
    plumbing.client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
    plumbing.send(queue, "later")
    plumbing.after(400)
    assert plumbing.counts(queue) == (1, 0, 0)


def test_a_mapping_is_disabled_and_filtered(plumbing: Any, keep: str, seen: str) -> None:
    queue, client = plumbing.queue("jobs"), plumbing.client("lambda")
    filters = {"Filters": [{"Pattern": '{"body": {"n": [{"numeric": [">=", 2]}]}}'}]}
    mapping = client.create_event_source_mapping(
        EventSourceArn=queue, FunctionName=keep, Enabled=False, FilterCriteria=filters
    )
    for number in (1, 2):
        plumbing.send(queue, {"n": number})
    plumbing.after(10)
    assert plumbing.counts(queue) == (2, 0, 0)
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    plumbing.after(20)
    (event,) = bodies(plumbing, seen)
    assert [json.loads(r["body"]) for r in event["Records"]] == [{"n": 2}]
    assert plumbing.counts(queue) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, "only from SQS"),
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"FunctionName": "blind"}, "does not have permissions to call ReceiveMessage on SQS"),
        ({"FunctionName": "slow"}, "Queue visibility timeout: 30 seconds is less than Function"),
        ({"DestinationConfig": {"OnFailure": {}}, "MaximumRetryAttempts": 3}, "MaximumRetryA"),
    ],
)
def test_mappings_that_cannot_work_are_refused(
    plumbing: Any, account: Any, keep: str, change: dict[str, Any], message: str
) -> None:
    queue = plumbing.queue("jobs")
    account.function("blind", KEEP, account.role("blind", "lambda"))
    rights = [(action, queue) for action in READ]
    account.function("slow", KEEP, account.role("slow", "lambda", *rights), Timeout=60)
    request = {"EventSourceArn": queue, "FunctionName": keep, **change}
    with pytest.raises(ClientError, match=message):
        plumbing.client("lambda").create_event_source_mapping(**request)


def test_an_asynchronous_event_is_tried_three_times_then_sent_on(
    plumbing: Any, keep: str, seen: str, aws: EmbeddedAws
) -> None:
    lost = plumbing.queue("lost")
    client = plumbing.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName="keep", DestinationConfig={"OnFailure": {"Destination": lost}}
    )
    client.invoke(FunctionName="keep", InvocationType="Event", Payload=b'{"raise": true}')
    plumbing.after(181)
    times = [m["Attributes"]["SentTimestamp"] for m in plumbing.take(seen)]
    assert [int(t) // 1000 - 1769835600 for t in times] == [0, 60, 180]
    (record,) = bodies(plumbing, lost)
    assert record["requestPayload"] == {"raise": True}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_dead_letter_queue_gets_the_event_itself(
    plumbing: Any, account: Any, seen: str, aws: EmbeddedAws
) -> None:
    lost = plumbing.queue("lost")
    role = account.role("function", "lambda", ("sqs:SendMessage", lost))
    code = "def handler(event, context): raise ValueError('no')"
    account.function("fails", code, role, DeadLetterConfig={"TargetArn": lost})
    plumbing.client("lambda").put_function_event_invoke_config(
        FunctionName="fails", MaximumRetryAttempts=0
    )
    plumbing.client("lambda").invoke(FunctionName="fails", InvocationType="Event", Payload=b"[1]")
    plumbing.after(1)
    (message,) = plumbing.take(lost)
    assert json.loads(message["Body"]) == [1]
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"


def test_topics_and_rules_invoke_functions_that_let_them(
    plumbing: Any, keep: str, seen: str, aws: EmbeddedAws
) -> None:
    sns, events = plumbing.client("sns"), plumbing.client("events")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=keep)
    events.put_rule(Name="rule", EventPattern='{"source": ["tests"]}')
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": keep, "InputPath": "$.detail"}])

    def tell() -> None:
        sns.publish(TopicArn=topic, Message="hello")
        entry = {"Source": "tests", "DetailType": "any", "Detail": '{"n": 1}'}
        events.put_events(Entries=[entry])

    tell()
    plumbing.after(1)
    assert bodies(plumbing, seen) == []
    assert [f.target for f in aws.deliveries.failures] == [keep]
    for number, service in enumerate(("sns", "events")):
        plumbing.client("lambda").add_permission(
            FunctionName="keep",
            StatementId=str(number),
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
        )
    tell()
    plumbing.after(2)
    got = bodies(plumbing, seen)
    assert {"n": 1} in got
    (notice,) = [event for event in got if "Records" in event]
    assert notice["Records"][0]["Sns"]["Message"] == "hello"
    assert notice["Records"][0]["EventSource"] == "aws:sns"
