"""Metrics that services publish by themselves, and alarms that they drive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

START = datetime(2026, 1, 31, 5, tzinfo=UTC)
MODEL = "openai.gpt-oss-120b-1:0"


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """A server at 2026-01-31T05:00:00Z."""
    with running(clock=Clock.virtual(START.timestamp())) as server:
        yield server


@pytest.fixture
def account(aws: EmbeddedAws, account_of: Callable[[Endpoint], Any]) -> Any:
    return account_of(aws.endpoint)


Statistics = Callable[..., dict[str, float]]


@pytest.fixture
def statistics(aws: EmbeddedAws) -> Statistics:
    """(namespace, metric, dimensions) -> Sum, Maximum, SampleCount of the day, {} without data."""

    def read(namespace: str, name: str, **dimensions: str) -> dict[str, float]:
        points = aws.endpoint.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=START - timedelta(hours=5),
            EndTime=START + timedelta(hours=19),
            Period=86400,
            Statistics=["Sum", "Maximum", "SampleCount"],
        )["Datapoints"]
        names = ("Sum", "Maximum", "SampleCount")
        return {key: points[0][key] for key in names} if points else {}

    return read


def test_failed_conditions_and_throttles_are_counted_per_table(
    aws: EmbeddedAws, statistics: Statistics
) -> None:
    dynamodb = aws.endpoint.client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put = {
        "TableName": "table",
        "Item": {"pk": {"S": "a"}},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    dynamodb.put_item(**put)
    assert statistics("AWS/DynamoDB", "ConditionalCheckFailedRequests", TableName="table") == {}
    with pytest.raises(ClientError):
        dynamodb.put_item(**put)
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(TransactItems=[{"Put": put}])
    found = statistics("AWS/DynamoDB", "ConditionalCheckFailedRequests", TableName="table")
    assert found["Sum"] == 2
    aws.faults.fail("dynamodb:PutItem", "ProvisionedThroughputExceededException")
    with pytest.raises(ClientError):
        dynamodb.put_item(**put)
    assert statistics("AWS/DynamoDB", "WriteThrottleEvents", TableName="table")["Sum"] == 1
    both = {"TableName": "table", "Operation": "PutItem"}
    assert statistics("AWS/DynamoDB", "ThrottledRequests", **both)["Sum"] == 1


def test_invocations_of_functions(aws: EmbeddedAws, account: Any, statistics: Statistics) -> None:
    code = "def handler(event, context):\n    if event: raise ValueError('no')"
    account.function("f", code, account.role("function", "lambda"))
    client = aws.endpoint.client("lambda")
    client.invoke(FunctionName="f", Payload=b"{}")
    client.invoke(FunctionName="f", Payload=b'{"a": 1}')
    client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"a": 1}')
    aws.advance_to(START.timestamp() + 300)
    assert statistics("AWS/Lambda", "Invocations", FunctionName="f")["Sum"] == 5
    assert statistics("AWS/Lambda", "Errors", FunctionName="f")["Sum"] == 4
    assert statistics("AWS/Lambda", "Duration", FunctionName="f")["Maximum"] > 0


def test_calls_of_the_model(aws: EmbeddedAws, statistics: Statistics) -> None:
    client = aws.endpoint.client("bedrock-runtime")
    body = {
        "messages": [
            {"role": "system", "content": "pass: pass1"},
            {"role": "user", "content": "=== posting begins ===\nTitle: x\n=== posting ends ==="},
        ],
        "max_completion_tokens": 4096,
    }
    client.invoke_model(modelId=MODEL, body=json.dumps(body))
    assert statistics("AWS/Bedrock", "Invocations", ModelId=MODEL)["Sum"] == 1
    assert statistics("AWS/Bedrock", "InvocationLatency", ModelId=MODEL)["SampleCount"] == 1
    assert statistics("AWS/Bedrock", "InputTokenCount", ModelId=MODEL)["Sum"] > 0
    assert statistics("AWS/Bedrock", "OutputTokenCount", ModelId=MODEL)["Sum"] > 0
    aws.faults.fail("bedrock:InvokeModel", "ThrottlingException", 429)
    with pytest.raises(ClientError):
        client.invoke_model(modelId=MODEL, body=json.dumps(body))
    assert statistics("AWS/Bedrock", "InvocationThrottles", ModelId=MODEL)["Sum"] == 1
    assert statistics("AWS/Bedrock", "Invocations", ModelId=MODEL)["Sum"] == 1


@pytest.mark.parametrize(
    ("states", "metric"),
    [
        ({"A": {"Type": "Pass", "End": True}}, "ExecutionsSucceeded"),
        ({"A": {"Type": "Fail", "Error": "E"}}, "ExecutionsFailed"),
        ({"A": {"Type": "Wait", "Seconds": 99, "End": True}}, "ExecutionsTimedOut"),
    ],
)
def test_executions_by_machine(
    aws: EmbeddedAws,
    account: Any,
    statistics: Statistics,
    states: dict[str, Any],
    metric: str,
) -> None:
    client = aws.endpoint.client("stepfunctions")
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "TimeoutSeconds": 9, "States": states}
    machine = client.create_state_machine(
        name="m", definition=json.dumps(definition), roleArn=account.role("workflow", "states")
    )["stateMachineArn"]
    client.start_execution(stateMachineArn=machine)
    aws.advance_to(START.timestamp() + 60)
    assert statistics("AWS/States", "ExecutionsStarted", StateMachineArn=machine)["Sum"] == 1
    assert statistics("AWS/States", metric, StateMachineArn=machine)["Sum"] == 1
    time = statistics("AWS/States", "ExecutionTime", StateMachineArn=machine)["Maximum"]
    assert time == (9000 if metric == "ExecutionsTimedOut" else 0)


def test_a_slow_model_takes_the_clocks_time_and_drives_an_alarm(
    aws: EmbeddedAws, account: Any, statistics: Statistics
) -> None:
    cloudwatch = aws.endpoint.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="slow",
        Namespace="AWS/Bedrock",
        MetricName="InvocationLatency",
        Dimensions=[{"Name": "ModelId", "Value": MODEL}],
        ExtendedStatistic="p99",
        Period=300,
        EvaluationPeriods=1,
        Threshold=120_000,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
    role = account.role("workflow", "states", ("bedrock:InvokeModel", arn))
    body = {"messages": [{"role": "user", "content": "hello"}], "max_completion_tokens": 9}
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::bedrock:invokeModel",
        "Arguments": {"ModelId": MODEL, "Body": body},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
        "Next": "Done",
    }
    machine = account.machine("m", role, {"Call": call, "Done": {"Type": "Succeed"}})
    aws.model.faults.stall(130, times=3)
    aws.model.faults.replay("{}", times=3)
    states = aws.endpoint.client("stepfunctions")
    with aws.clock.hold():
        for _ in range(3):
            states.start_execution(stateMachineArn=machine)
    aws.advance_to(START.timestamp() + 200)
    assert statistics("AWS/Bedrock", "InvocationLatency", ModelId=MODEL) == {
        "Sum": 390_000,
        "Maximum": 130_000,
        "SampleCount": 3,
    }
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"
    aws.advance_to(START.timestamp() + 3600)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "OK"


def test_a_dead_letter_queue_drives_an_alarm_and_emptied_ends_it(
    aws: EmbeddedAws, account: Any, statistics: Statistics
) -> None:
    queue = account.queue("dead")
    sqs, cloudwatch = aws.endpoint.client("sqs"), aws.endpoint.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="dead",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "dead"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )

    def state() -> Any:
        return cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"]

    for number in range(11):
        sqs.send_message(QueueUrl="dead", MessageBody=str(number))
    aws.advance_to(START.timestamp() + 120)
    assert state() == "ALARM"
    age = statistics("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="dead")
    assert age["Maximum"] == 120
    sqs.purge_queue(QueueUrl="dead")
    aws.advance_to(START.timestamp() + 360)
    assert state() == "OK"
    assert queue.endswith(":dead")
