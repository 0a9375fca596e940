"""Pipes from queues to their targets: what arrives, what stays, what is retried and lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

START = 1769835600.0

LOGS = [("logs:CreateLogGroup", "*"), ("logs:CreateLogStream", "*"), ("logs:PutLogEvents", "*")]
DONE = {"Done": {"Type": "Pass", "End": True}}
FAIL = {"No": {"Type": "Fail", "Error": "Bad", "Cause": "very"}}
KEEP = """
import json
import boto3

def handler(event, context):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="seen")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    failed = [r["messageId"] for r in event if json.loads(r["body"]).get("fail")]
    return {"batchItemFailures": [{"itemIdentifier": i} for i in failed]}
"""


@pytest.fixture
def machine(account: Any) -> str:
    return str(account.machine("machine", account.role("workflow", "states"), DONE))


def express(account: Any, states: dict[str, Any], *rights: tuple[str, str]) -> str:
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    made = account.endpoint.client("stepfunctions").create_state_machine(
        name="express",
        definition=json.dumps(definition),
        roleArn=account.role("express", "states", *rights),
        type="EXPRESS",
    )
    return str(made["stateMachineArn"])


def test_a_message_starts_one_execution_with_an_array_and_is_deleted(
    plumbing: Any, machine: str
) -> None:
    queue = plumbing.queue("jobs")
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    plumbing.pipe(queue, machine, role)
    message = plumbing.send(
        queue,
        {"n": 1},
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "a"}},
    )
    plumbing.after(1)
    ((record,),) = plumbing.inputs(machine)
    assert plumbing.counts(queue) == (0, 0, 0)
    assert record["messageId"] == message
    assert record["body"] == '{"n": 1}'
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == queue
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["SentTimestamp"] == "1769835600000"
    assert record["messageAttributes"]["kind"]["stringValue"] == "a"


def test_a_delayed_message_comes_when_the_clock_gets_there(plumbing: Any, machine: str) -> None:
    queue = plumbing.queue("jobs")
    plumbing.pipe(queue, machine, plumbing.pipe_role(queue, ("states:StartExecution", machine)))
    plumbing.send(queue, {"n": 1}, DelaySeconds=600)
    client = plumbing.client("stepfunctions")
    plumbing.after(601)
    (execution,) = client.list_executions(stateMachineArn=machine)["executions"]
    assert execution["startDate"].isoformat().startswith("2026-01-31T05:10:00")


def test_batches_are_no_larger_than_asked_for(plumbing: Any, machine: str) -> None:
    queue = plumbing.queue("jobs")
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    for number in range(10):
        plumbing.send(queue, {"n": number})
    batch = {"SqsQueueParameters": {"BatchSize": 4}}
    plumbing.pipe(queue, machine, role, SourceParameters=batch)
    plumbing.after(1)
    sizes = sorted(len(records) for records in plumbing.inputs(machine))
    assert sizes == [2, 4, 4]


def test_a_window_gathers_messages_up_to_the_batch_size(plumbing: Any, machine: str) -> None:
    queue = plumbing.queue("jobs")
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    batch = {"SqsQueueParameters": {"BatchSize": 15, "MaximumBatchingWindowInSeconds": 20}}
    plumbing.pipe(queue, machine, role, SourceParameters=batch)
    with plumbing.aws.clock.hold():
        for number in range(18):
            plumbing.send(queue, {"n": number}, DelaySeconds=10 if number > 2 else 5)
    plumbing.after(100)
    sizes = sorted(len(records) for records in plumbing.inputs(machine))
    assert sizes == [3, 15]
    assert plumbing.counts(queue) == (0, 0, 0)


def test_filters_choose_and_drop(plumbing: Any, machine: str) -> None:
    queue = plumbing.queue("jobs")
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    patterns = [
        {"body": {"kind": ["a", {"prefix": "x-"}], "n": [{"numeric": [">", 1]}]}},
        {"messageAttributes": {"force": {"stringValue": ["yes"]}}},
    ]
    filters = {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
    plumbing.pipe(queue, machine, role, SourceParameters={"FilterCriteria": filters})
    bodies = [{"kind": "a", "n": 1}, {"kind": "a", "n": 2}, {"kind": "x-1", "n": 5}, {"n": 9}]
    for body in bodies:
        plumbing.send(queue, body)
    plumbing.send(queue, "no JSON")
    force = {"force": {"DataType": "String", "StringValue": "yes"}}
    plumbing.send(queue, "plain", MessageAttributes=force)
    plumbing.after(1)
    got = sorted(r["body"] for records in plumbing.inputs(machine) for r in records)
    assert got == ["plain", '{"kind": "a", "n": 2}', '{"kind": "x-1", "n": 5}']
    assert plumbing.counts(queue) == (0, 0, 0)


def test_an_input_template_shapes_each_record(plumbing: Any, machine: str) -> None:
    queue = plumbing.queue("jobs")
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    template = (
        '{"id": <$.body.id>, "text": "id <$.body.id> of <aws.pipes.pipe-name>", '
        '"tags": <$.body.tags>, "second": <$.body.tags[1]>, "none": "<$.body.none>", '
        '"message": <$.messageId>, "at": <aws.pipes.event.ingestion-time>}'
    )
    kind = {"InvocationType": "FIRE_AND_FORGET"}
    plumbing.pipe(
        queue,
        machine,
        role,
        TargetParameters={
            "InputTemplate": template,
            "StepFunctionStateMachineParameters": kind,
        },
    )
    message = plumbing.send(queue, {"id": 'a "b"', "tags": ["x", "y"]})
    plumbing.after(1)
    assert plumbing.inputs(machine) == [
        [
            {
                "id": 'a "b"',
                "text": 'id a "b" of pipe',
                "tags": ["x", "y"],
                "second": "y",
                "none": "",
                "message": message,
                "at": "2026-01-31T05:00:00Z",
            }
        ]
    ]


def test_a_failing_target_returns_the_message_until_it_is_dead(
    plumbing: Any, account: Any, aws: EmbeddedAws
) -> None:
    dead = plumbing.queue("dead")
    queue = plumbing.queue("jobs", dead, receives=3)
    machine = express(account, FAIL)
    role = plumbing.pipe_role(queue, ("states:StartSyncExecution", machine))
    pipe = plumbing.pipe(queue, machine, role, TargetParameters={})
    message = plumbing.send(queue, {"n": 1})
    plumbing.after(3600)
    (lost,) = plumbing.take(dead)
    assert lost["MessageId"] == message
    assert lost["Attributes"]["ApproximateReceiveCount"] == "4"  # three of the pipe, and this one
    assert lost["Attributes"]["DeadLetterQueueSourceArn"] == queue
    assert [(f.consumer, f.error) for f in aws.consumers.failures] == [(pipe, "Bad: very")] * 3
    assert plumbing.counts(queue) == (0, 0, 0)


def test_the_clock_goes_on_while_an_express_execution_waits(plumbing: Any, account: Any) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 200, "End": True}}
    machine = express(account, states)
    queue = plumbing.queue("jobs", VisibilityTimeout="300")
    role = plumbing.pipe_role(queue, ("states:StartSyncExecution", machine))
    plumbing.pipe(queue, machine, role, TargetParameters={})
    plumbing.send(queue, {"n": 1})
    plumbing.after(201)
    assert plumbing.counts(queue) == (0, 0, 0)
    assert not plumbing.aws.consumers.failures


def test_an_express_output_names_the_messages_that_failed(plumbing: Any, account: Any) -> None:
    output = (
        "{% {'batchItemFailures': [$states.input[$parse(body).fail]"
        ".{'itemIdentifier': messageId}]} %}"
    )
    machine = express(account, {"Judge": {"Type": "Pass", "Output": output, "End": True}})
    dead = plumbing.queue("dead")
    queue = plumbing.queue("jobs", dead, receives=1)
    bad = [plumbing.send(queue, {"fail": number % 2 == 0}) for number in range(4)][::2]
    role = plumbing.pipe_role(queue, ("states:StartSyncExecution", machine))
    batch = {"SqsQueueParameters": {"BatchSize": 10}}
    plumbing.pipe(queue, machine, role, TargetParameters={}, SourceParameters=batch)
    plumbing.after(60)
    plumbing.after(3600)
    assert sorted(m["MessageId"] for m in plumbing.take(dead)) == sorted(bad)


def test_a_function_gets_the_array_and_may_fail_single_messages(
    plumbing: Any, account: Any
) -> None:
    seen, dead = plumbing.queue("seen"), plumbing.queue("dead")
    queue = plumbing.queue("jobs", dead, receives=2)
    rights = [("sqs:GetQueueUrl", seen), ("sqs:SendMessage", seen)]
    function = account.function("keep", KEEP, account.role("function", "lambda", *rights, *LOGS))
    role = plumbing.pipe_role(queue, ("lambda:InvokeFunction", function))
    plumbing.send(queue, {"n": 1})
    bad = plumbing.send(queue, {"n": 2, "fail": True})
    batch = {"SqsQueueParameters": {"BatchSize": 10}}
    plumbing.pipe(queue, function, role, SourceParameters=batch)
    plumbing.after(300)
    batches = [json.loads(message["Body"]) for message in plumbing.take(seen)]
    assert [[r["body"] for r in records] for records in batches] == [
        ['{"n": 1}', '{"n": 2, "fail": true}'],
        ['{"n": 2, "fail": true}'],
    ]
    assert [message["MessageId"] for message in plumbing.take(dead)] == [bad]


def test_a_crash_of_the_function_is_a_failed_batch(
    plumbing: Any, account: Any, aws: EmbeddedAws
) -> None:
    queue = plumbing.queue("jobs", plumbing.queue("dead"))
    code = "def handler(event, context): return None"
    function = account.function("works", code, account.role("function", "lambda", *LOGS))
    aws.functions.faults.crash("works")
    role = plumbing.pipe_role(queue, ("lambda:InvokeFunction", function))
    plumbing.pipe(queue, function, role)
    plumbing.send(queue, {"n": 1})
    plumbing.after(300)
    (failure,) = aws.consumers.failures
    assert failure.error.startswith("Runtime.ExitError")
    assert plumbing.counts(queue) == (0, 0, 0)


def test_queues_and_topics_are_targets_of_single_records(plumbing: Any, account: Any) -> None:
    source, target = plumbing.queue("jobs"), plumbing.queue("next.fifo")
    role = plumbing.pipe_role(source, ("sqs:SendMessage", target))
    parameters = {
        "InputTemplate": '{"n": <$.body.n>}',
        "SqsQueueParameters": {
            "MessageGroupId": "$.body.group",
            "MessageDeduplicationId": "$.messageId",
        },
    }
    batch = {"SqsQueueParameters": {"BatchSize": 10}}
    plumbing.send(source, {"n": 1, "group": "a"})
    plumbing.send(source, {"n": 2, "group": "b"})
    plumbing.pipe(source, target, role, TargetParameters=parameters, SourceParameters=batch)
    plumbing.after(1)
    got = [(m["Body"], m["Attributes"]["MessageGroupId"]) for m in plumbing.take(target)]
    assert got == [('{"n":1}', "a"), ('{"n":2}', "b")]

    topic = plumbing.client("sns").create_topic(Name="news")["TopicArn"]
    inbox = plumbing.queue("inbox", Policy=_open(topic))
    attributes = {"RawMessageDelivery": "true"}
    plumbing.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=inbox, Attributes=attributes
    )
    source = plumbing.queue("more")
    role = plumbing.pipe_role(source, ("sns:Publish", topic), name="publisher")
    plumbing.pipe(
        source, topic, role, Name="publish", TargetParameters={"InputTemplate": "<$.body>"}
    )
    plumbing.send(source, "hello")
    plumbing.after(2)
    assert [m["Body"] for m in plumbing.take(inbox)] == ["hello"]


def _open(topic: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TELL = {
    "Wait": {"Type": "Wait", "Seconds": 10, "Next": "Tell"},
    "Tell": {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Arguments": {
            "QueueUrl": "told",
            "MessageBody": "{% $states.input[0].body & ' ' & $states.context.State.EnteredTime %}",
        },
        "End": True,
    },
}


def test_a_fifo_queue_has_one_batch_per_group_at_work_and_keeps_its_order(
    plumbing: Any, account: Any
) -> None:
    told = plumbing.queue("told")
    machine = express(account, TELL, ("sqs:SendMessage", told))
    queue = plumbing.queue("jobs.fifo", VisibilityTimeout="60")
    role = plumbing.pipe_role(queue, ("states:StartSyncExecution", machine))
    plumbing.pipe(queue, machine, role, TargetParameters={}, DesiredState="STOPPED")
    names = [f"{group}{number}" for group in "ab" for number in range(3)]
    for name in names:
        plumbing.send(queue, name, MessageGroupId=name[0], MessageDeduplicationId=name)
    plumbing.client("pipes").start_pipe(Name="pipe")
    plumbing.after(60)
    texts = [message["Body"].split() for message in plumbing.take(told)]
    got = {name: time[11:19] for name, time in texts}
    expected = ["05:00:10", "05:00:20", "05:00:30"]
    assert [got[name] for name in names] == expected * 2
    assert plumbing.counts(queue) == (0, 0, 0)


def test_a_failed_message_holds_back_its_group_alone(
    plumbing: Any, account: Any, aws: EmbeddedAws, machine: str
) -> None:
    queue = plumbing.queue("jobs.fifo", plumbing.queue("dead.fifo"))
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    aws.faults.fail(
        "states:StartExecution",
        "ServiceUnavailable",
        503,
        matches=lambda request: b"bad" in request.body,
    )
    for number, (group, body) in enumerate([("a", "bad"), ("a", "later"), ("b", "other")]):
        plumbing.send(queue, body, MessageGroupId=group, MessageDeduplicationId=str(number))
    plumbing.pipe(queue, machine, role)
    plumbing.after(120)
    order = [records[0]["body"] for records in plumbing.inputs(machine)]
    assert order == ["other", "bad", "later"]


def test_a_stopped_pipe_leaves_its_messages_and_a_started_one_takes_them(
    plumbing: Any, machine: str
) -> None:
    queue = plumbing.queue("jobs")
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    plumbing.pipe(queue, machine, role, DesiredState="STOPPED")
    pipes = plumbing.client("pipes")
    plumbing.send(queue, {"n": 1})
    plumbing.after(600)
    assert plumbing.counts(queue) == (1, 0, 0)
    assert pipes.start_pipe(Name="pipe")["CurrentState"] == "RUNNING"
    plumbing.after(601)
    assert plumbing.counts(queue) == (0, 0, 0)
    assert pipes.stop_pipe(Name="pipe")["CurrentState"] == "STOPPED"
    plumbing.send(queue, {"n": 2})
    plumbing.after(1200)
    assert plumbing.counts(queue) == (1, 0, 0)
    pipes.delete_pipe(Name="pipe")
    assert pipes.list_pipes()["Pipes"] == []


def test_an_updated_pipe_is_the_new_one(plumbing: Any, account: Any, machine: str) -> None:
    queue, pipes = plumbing.queue("jobs"), plumbing.client("pipes")
    role = plumbing.pipe_role(queue, ("states:StartExecution", "*"))
    arn = plumbing.pipe(queue, machine, role, Tags={"a": "1"})
    other = account.machine("other", account.role("second", "states"), DONE)
    filters = {"Filters": [{"Pattern": '{"body": {"n": [2]}}'}]}
    pipes.update_pipe(
        Name="pipe",
        RoleArn=role,
        Target=other,
        Description="changed",
        SourceParameters={"FilterCriteria": filters},
    )
    found = pipes.describe_pipe(Name="pipe")
    assert (found["Target"], found["Description"]) == (other, "changed")
    assert found["SourceParameters"] == {
        "SqsQueueParameters": {"BatchSize": 1},
        "FilterCriteria": filters,
    }
    kept = found["TargetParameters"]["StepFunctionStateMachineParameters"]
    assert kept == {"InvocationType": "FIRE_AND_FORGET"}
    assert pipes.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1"}
    for number in (1, 2):
        plumbing.send(queue, {"n": number})
    plumbing.after(1)
    assert plumbing.inputs(machine) == []
    assert [records[0]["body"] for records in plumbing.inputs(other)] == ['{"n": 2}']


def test_a_pipe_does_what_its_role_may_and_nothing_else(
    plumbing: Any, account: Any, aws: EmbeddedAws, machine: str
) -> None:
    queue, pipes = (
        plumbing.queue("jobs", plumbing.queue("dead"), receives=1),
        plumbing.client("pipes"),
    )
    blind = account.role("blind", "pipes", ("states:StartExecution", machine))
    plumbing.pipe(queue, machine, blind)
    found = pipes.describe_pipe(Name="pipe")
    assert found["CurrentState"] == "CREATE_FAILED"
    assert "sqs:ReceiveMessage" in found["StateReason"]
    weak = plumbing.pipe_role(queue, name="weak")
    pipes.update_pipe(Name="pipe", RoleArn=weak)
    assert pipes.describe_pipe(Name="pipe")["CurrentState"] == "RUNNING"
    plumbing.send(queue, {"n": 1})
    plumbing.after(60)
    (failure,) = aws.consumers.failures
    assert "not authorized to perform: states:StartExecution" in failure.error
    assert plumbing.inputs(machine) == []
    assert len(plumbing.take("dead")) == 1


def test_a_queue_that_may_not_be_read_any_more_is_tried_again_without_driving_the_clock(
    plumbing: Any, aws: EmbeddedAws, machine: str
) -> None:
    queue = plumbing.queue("jobs", plumbing.queue("dead"))
    plumbing.pipe(queue, machine, plumbing.pipe_role(queue, ("states:StartExecution", machine)))
    iam = plumbing.client("iam")
    policy = iam.get_role_policy(RoleName="pipe", PolicyName="allowed")["PolicyDocument"]
    iam.delete_role_policy(RoleName="pipe", PolicyName="allowed")
    plumbing.send(queue, {"n": 1})
    plumbing.after(10)
    assert aws.clock.now() == START + 10
    assert plumbing.inputs(machine) == []
    assert len(aws.consumers.failures) == 4  # at 0, 1, 3 and 7 seconds
    iam.put_role_policy(RoleName="pipe", PolicyName="allowed", PolicyDocument=json.dumps(policy))
    plumbing.after(120)
    assert len(plumbing.inputs(machine)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"Enrichment": "arn:aws:lambda:us-east-1:123456789012:function:f"},
            "no pipes with Enrich",
        ),
        ({"LogConfiguration": {"Level": "ERROR"}}, "no pipes with LogConfiguration"),
        ({"Source": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, "only from SQS queues"),
        ({"Target": "arn:aws:events:us-east-1:123456789012:event-bus/b"}, "targets may be of"),
        ({"TargetParameters": {}}, "not supported for STANDARD"),
        ({"SourceParameters": {"SqsQueueParameters": {"BatchSize": 11}}}, "between 1 and 10"),
        (
            {"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": '{"body": 1}'}]}}},
            "Invalid filter pattern",
        ),
        (
            {
                "TargetParameters": {
                    "InputTemplate": "<aws.pipes.nothing>",
                    "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"},
                }
            },
            "aws.pipes.nothing is not a reserved variable",
        ),
        ({"RoleArn": "arn:aws:iam::123456789012:role/nobody"}, "cannot be assumed by principal"),
    ],
)
def test_what_pipes_cannot_do_here_is_refused_by_name(
    plumbing: Any, machine: str, change: dict[str, Any], message: str
) -> None:
    queue = plumbing.queue("jobs")
    role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
    with pytest.raises(ClientError, match=message):
        plumbing.pipe(queue, machine, role, **change)
    assert plumbing.client("pipes").list_pipes()["Pipes"] == []


def test_pipes_and_their_messages_survive_a_restart(
    tmp_path: Path, plumbing_of: Callable[[EmbeddedAws], Any]
) -> None:
    snapshot = tmp_path / "snapshot"
    with running(tmp_path, Clock.virtual(START)) as first:
        plumbing = plumbing_of(first)
        machine = plumbing.account.machine("m", plumbing.account.role("workflow", "states"), DONE)
        queue = plumbing.queue("jobs")
        role = plumbing.pipe_role(queue, ("states:StartExecution", machine))
        plumbing.pipe(queue, machine, role)
        with first.clock.hold():
            plumbing.send(queue, {"n": 1}, DelaySeconds=100)
            first.save()
            kept = snapshot.read_bytes()
    snapshot.write_bytes(kept)  # as if the process had been killed then
    with running(tmp_path, Clock.virtual(START + 50)) as second:
        plumbing = plumbing_of(second)
        plumbing.after(200)
        ((record,),) = plumbing.inputs(machine)
        assert record["attributes"]["ApproximateFirstReceiveTimestamp"] == "1769835700000"
