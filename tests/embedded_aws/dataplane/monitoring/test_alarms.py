"""Alarms go to ALARM and back on the engine's clock, and tell it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

START = datetime(2026, 1, 31, 5, tzinfo=UTC).timestamp()
ONE = {
    "Namespace": "Tests",
    "MetricName": "N",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 10,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


@dataclass
class Watch:
    """A topic with a queue behind it, and alarms that tell it."""

    aws: EmbeddedAws
    topic: str
    minutes: float = 0
    told: list[tuple[str, str]] = field(default_factory=list)

    def alarm(self, **settings: Any) -> None:
        actions = {"AlarmActions": [self.topic], "OKActions": [self.topic]}
        request = {"AlarmName": "alarm", **actions, **settings}
        self.aws.endpoint.client("cloudwatch").put_metric_alarm(**request)

    def put(self, name: str, *values: float, **dimensions: str) -> None:
        listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        self.aws.endpoint.client("cloudwatch").put_metric_data(
            Namespace="Tests",
            MetricData=[{"MetricName": name, "Dimensions": listed, "Value": v} for v in values],
        )

    def after(self, minutes: float) -> None:
        self.minutes += minutes
        self.aws.advance_to(START + self.minutes * 60)

    def state(self, name: str = "alarm") -> str:
        client = self.aws.endpoint.client("cloudwatch")
        return str(client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])

    def messages(self) -> list[Any]:
        """What was told since the last time."""
        sqs = self.aws.endpoint.client("sqs")
        answer = sqs.receive_message(QueueUrl="told", MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl="told", ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(m["Body"])["Message"]) for m in answer.get("Messages", [])]

    def changes(self) -> list[tuple[str, str]]:
        return [(m["OldStateValue"], m["NewStateValue"]) for m in self.messages()]


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """A server at 2026-01-31T05:00:00Z."""
    with running(clock=Clock.virtual(START)) as server:
        yield server


@pytest.fixture
def account(aws: EmbeddedAws, account_of: Callable[[Endpoint], Any]) -> Any:
    return account_of(aws.endpoint)


@pytest.fixture
def watch(aws: EmbeddedAws, account: Any) -> Watch:
    topic = aws.endpoint.client("sns").create_topic(Name="alarms")["TopicArn"]
    queue = account.queue("told", "sns")
    aws.endpoint.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return Watch(aws, topic)


def test_an_alarm_rings_and_ends_and_tells_both(watch: Watch) -> None:
    watch.alarm(**ONE, AlarmDescription="why")
    watch.after(1)
    assert watch.changes() == [("INSUFFICIENT_DATA", "OK")]
    watch.put("N", 5, 6)
    watch.after(1)
    (message,) = watch.messages()
    assert (message["OldStateValue"], message["NewStateValue"]) == ("OK", "ALARM")
    assert message["NewStateReason"] == (
        "Threshold Crossed: 1 datapoint [11.0] was greater than the threshold (10.0)."
    )
    assert message["StateChangeTime"] == "2026-01-31T05:02:00.000+0000"
    assert message["AlarmDescription"] == "why"
    assert message["Trigger"]["MetricName"] == "N"
    assert watch.state() == "ALARM"
    watch.after(10)
    assert watch.changes() == [("ALARM", "OK")]
    watch.after(600)
    assert watch.changes() == []


def test_dimensions_choose_the_metric(watch: Watch) -> None:
    watch.alarm(**ONE, Dimensions=[{"Name": "queue", "Value": "a"}])
    watch.put("N", 50)
    watch.put("N", 50, queue="b")
    watch.after(1)
    assert watch.state() == "OK"
    watch.put("N", 50, queue="a")
    watch.after(1)
    assert watch.state() == "ALARM"


def test_a_percentile(watch: Watch) -> None:
    of_99 = {k: v for k, v in ONE.items() if k != "Statistic"} | {"ExtendedStatistic": "p99"}
    watch.alarm(**of_99)
    watch.put("N", *([1] * 60), *([100]))
    watch.after(1)
    assert watch.state() == "ALARM"
    watch.after(10)
    watch.put("N", *([1] * 300), 100)
    watch.after(1)
    assert watch.state() == "OK"


def test_metric_math_is_kept_and_evaluated(watch: Watch) -> None:
    def stat(name: str) -> dict[str, Any]:
        metric = {"Namespace": "Tests", "MetricName": name}
        return {"Metric": metric, "Period": 300, "Stat": "Sum"}

    queries = [
        {"Id": "m1", "MetricStat": stat("Failed"), "ReturnData": False},
        {"Id": "m2", "MetricStat": stat("All"), "ReturnData": False},
        {"Id": "rate", "Expression": "m1 / m2 * 100", "Label": "rate", "ReturnData": True},
    ]
    common = {
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    watch.alarm(**common, Metrics=queries)
    client = watch.aws.endpoint.client("cloudwatch")
    (stored,) = client.describe_alarms(AlarmNames=["alarm"])["MetricAlarms"]
    assert [q["Id"] for q in stored["Metrics"]] == ["m1", "m2", "rate"]
    assert "MetricName" not in stored
    watch.put("All", 100)
    watch.put("Failed", 5)
    watch.after(5)
    assert watch.state() == "OK"
    watch.put("All", 50)
    watch.put("Failed", 5)
    watch.after(1)
    assert watch.state() == "ALARM"
    watch.after(30)
    assert watch.state() == "OK"
    assert watch.changes() == [("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK")]


def test_several_periods_of_which_some_must_breach(watch: Watch) -> None:
    watch.alarm(**{**ONE, "EvaluationPeriods": 3, "DatapointsToAlarm": 2})
    for value, state in ((20, "OK"), (1, "OK"), (20, "ALARM"), (1, "OK"), (1, "OK")):
        watch.put("N", value)
        watch.after(1)
        assert watch.state() == state, value


def test_a_state_set_by_hand_lasts_until_the_next_evaluation(watch: Watch) -> None:
    watch.alarm(**ONE)
    watch.after(1)
    client = watch.aws.endpoint.client("cloudwatch")
    client.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="a drill")
    assert watch.state() == "ALARM"
    watch.after(1)
    expected = [("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK")]
    assert watch.changes() == expected


def test_a_change_is_an_event_too(watch: Watch, account: Any) -> None:
    events = watch.aws.endpoint.client("events")
    events.put_rule(Name="rule", EventPattern='{"source": ["aws.cloudwatch"]}')
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": account.queue("e", "events")}])
    watch.alarm(**ONE)
    watch.after(2)
    (message,) = watch.aws.endpoint.client("sqs").receive_message(QueueUrl="e")["Messages"]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["state"]["value"] == "OK"


def test_a_topic_that_does_not_let_cloudwatch_publish_hears_nothing(watch: Watch) -> None:
    closed = json.dumps({"Version": "2012-10-17", "Statement": []})
    watch.aws.endpoint.client("sns").set_topic_attributes(
        TopicArn=watch.topic, AttributeName="Policy", AttributeValue=closed
    )
    watch.alarm(**ONE)
    watch.after(2)
    assert watch.state() == "OK"
    assert watch.messages() == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "only SNS topics"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "compare GreaterThanUpperThresh"),
        ({"Statistic": None, "ExtendedStatistic": "tm90"}, "the statistic tm90"),
        ({"Period": 90}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "EvaluateLowSampleCountPercentile"),
    ],
)
def test_what_alarms_cannot_do_here_is_refused_by_name(
    watch: Watch, change: dict[str, Any], message: str
) -> None:
    settings = {name: value for name, value in {**ONE, **change}.items() if value is not None}
    with pytest.raises(ClientError, match=message):
        watch.alarm(**settings)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("ANOMALY_DETECTION_BAND(m1)", "no metric math such as ANOMALY_DETECTION_BAND"),
        ("SELECT AVG(x) FROM y", "cannot read the metric math"),
        ("m1 / m9", "reads an id that is not there"),
    ],
)
def test_metric_math_that_is_not_there_is_refused_by_name(
    watch: Watch, expression: str, message: str
) -> None:
    metric = {"Namespace": "Tests", "MetricName": "N"}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    queries = [
        {"Id": "m1", "MetricStat": stat, "ReturnData": False},
        {"Id": "e", "Expression": expression},
    ]
    request = {
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Metrics": queries,
    }
    with pytest.raises(ClientError, match=message):
        watch.alarm(**request)
