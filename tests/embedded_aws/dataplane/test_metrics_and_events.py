"""What the engine tells CloudWatch and EventBridge, and how metrics read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

START = datetime(2026, 1, 31, 5, tzinfo=UTC)
PASS = {"Done": {"Type": "Pass", "End": True}}


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """A server at 2026-01-31T05:00:00Z."""
    with running(clock=Clock.virtual(START.timestamp())) as server:
        yield server


@pytest.fixture
def account(aws: EmbeddedAws, account_of: Callable[[Endpoint], Any]) -> Any:
    return account_of(aws.endpoint)


def statistics(account: Any, namespace: str, metric: str, **dimensions: str) -> dict[str, float]:
    """The statistics of a metric's first day, empty if it has no data."""
    points = account.endpoint.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=START - timedelta(hours=5),
        EndTime=START + timedelta(hours=19),
        Period=86400,
        Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
    )["Datapoints"]
    keep = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
    return {name: points[0][name] for name in keep} if points else {}


def test_statistic_sets_are_weighted_and_dimensions_kept_apart(account: Any) -> None:
    cloudwatch = account.endpoint.client("cloudwatch")
    data = [
        {"MetricName": "Rate", "StatisticValues": _set(4, 200, 0, 100)},
        {"MetricName": "Rate", "StatisticValues": _set(6, 600, 100, 100)},
        {"MetricName": "Rate", "Value": 50, "Dimensions": [{"Name": "hour", "Value": "05"}]},
    ]
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=data)
    whole = {"SampleCount": 10, "Sum": 800, "Average": 80, "Minimum": 0, "Maximum": 100}
    assert statistics(account, "Tests", "Rate") == whole
    assert statistics(account, "Tests", "Rate", hour="05")["Average"] == 50
    assert statistics(account, "Tests", "Rate", hour="06") == {}
    query = {
        "Id": "rate",
        "MetricStat": {
            "Metric": {"Namespace": "Tests", "MetricName": "Rate"},
            "Period": 86400,
            "Stat": "Average",
        },
    }
    (result,) = cloudwatch.get_metric_data(
        MetricDataQueries=[query],
        StartTime=START - timedelta(hours=5),
        EndTime=START + timedelta(hours=19),
    )["MetricDataResults"]
    assert result["Values"] == [80]


def test_executions_are_counted_in_metrics(aws: EmbeddedAws, account: Any) -> None:
    machine = account.machine("machine", account.role("workflow", "states"), PASS)
    for _ in range(3):
        account.endpoint.client("stepfunctions").start_execution(stateMachineArn=machine)
    aws.advance_to(START.timestamp() + 60)
    assert (
        statistics(account, "AWS/States", "ExecutionsSucceeded", StateMachineArn=machine)["Sum"]
        == 3
    )


def test_an_ended_execution_is_an_event(aws: EmbeddedAws, account: Any) -> None:
    sqs, events = account.endpoint.client("sqs"), account.endpoint.client("events")
    queue = account.queue("ended", "events")
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED", "SUCCEEDED"]}}
    events.put_rule(Name="ended", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="ended", Targets=[{"Id": "1", "Arn": queue}])
    states = {"No": {"Type": "Fail", "Error": "Bad", "Cause": "very"}}
    machine = account.machine("machine", account.role("workflow", "states"), states)
    client = account.endpoint.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=machine)["executionArn"]
    aws.advance_to(START.timestamp() + 60)
    (message,) = sqs.receive_message(QueueUrl="ended", WaitTimeSeconds=5)["Messages"]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["resources"] == [execution]
    assert event["time"] == "2026-01-31T05:00:00Z"
    assert (event["detail"]["status"], event["detail"]["error"]) == ("FAILED", "Bad")


def test_an_execution_logs_to_its_machines_group(aws: EmbeddedAws, account: Any) -> None:
    logs = account.endpoint.client("logs")
    logs.create_log_group(logGroupName="/workflows/machine")
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/workflows/machine:*"
    client = account.endpoint.client("stepfunctions")
    machine = client.create_state_machine(
        name="machine",
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Done", "States": PASS}),
        roleArn=account.role("workflow", "states", ("logs:*", "*")),
        loggingConfiguration={
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
        },
    )["stateMachineArn"]
    client.start_execution(stateMachineArn=machine)
    aws.advance_to(START.timestamp() + 60)
    events = logs.filter_log_events(logGroupName="/workflows/machine")["events"]
    types = [json.loads(event["message"])["type"] for event in events]
    state = ["PassStateEntered", "PassStateExited"]
    assert types == ["ExecutionStarted", *state, "ExecutionSucceeded"]


def test_metrics_without_a_time_are_stamped_by_the_engines_clock(
    aws: EmbeddedAws, account: Any
) -> None:
    aws.advance_to((START + timedelta(days=1)).timestamp())
    cloudwatch = account.endpoint.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=[{"MetricName": "N", "Value": 1}])
    assert statistics(account, "Tests", "N") == {}
    (point,) = cloudwatch.get_metric_statistics(
        Namespace="Tests",
        MetricName="N",
        StartTime=START + timedelta(hours=23),
        EndTime=START + timedelta(hours=25),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert point["Timestamp"] == START + timedelta(days=1)


def _set(count: int, total: float, low: float, high: float) -> dict[str, float]:
    return {"SampleCount": count, "Sum": total, "Minimum": low, "Maximum": high}
