"""Alarm topic, alarms and dashboard: who may publish, who is told, and that nothing is misspelt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from embedded_aws.provider.config import load_project
from infra.lint.program import Stack, look_at
from infra.platform import ROOT
from infra.settings import parse
from infra.settings_errors import SettingsError

Inputs = Callable[[str, str], Mapping[str, Any]]

PREFIX = "data-engineer-jobs-dev-"
TOPIC = f"arn:aws:sns:us-east-1:123456789012:{PREFIX}alarms"
NAMESPACE = "DataEngineerJobs/AIEnrichment"

# What each of AWS's namespaces calls its metrics, as far as they are used.
METRICS_OF_AWS = {
    "AWS/SQS": {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateAgeOfOldestMessage",
    },
    "AWS/States": {
        "ExecutionsStarted",
        "ExecutionsSucceeded",
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ConsumedCapacity",
    },
    "AWS/Bedrock": {
        "Invocations",
        "InvocationLatency",
        "InvocationThrottles",
        "InvocationClientErrors",
        "InvocationServerErrors",
        "InputTokenCount",
        "OutputTokenCount",
    },
    "AWS/DynamoDB": {"ConditionalCheckFailedRequests"},
}

Used = tuple[str, str, dict[str, str]]  # namespace, name, dimensions


def alarms(stack: Stack) -> dict[str, Mapping[str, Any]]:
    """The alarms of enrichment: inputs by the alarm's name without the stack's."""
    found = stack.resources.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    return {alarm.name: alarm.inputs for alarm in found if not alarm.name.startswith("gold-")}


def dashboard(stack: Stack) -> Mapping[str, Any]:
    """Inputs of the dashboard of enrichment."""
    found = stack.resources.of_type("aws:cloudwatch/dashboard:Dashboard")
    (inputs,) = (one.inputs for one in found if one.name == "enrichment")
    return dict(inputs)


def statement(document: str, sid: str) -> Mapping[str, Any]:
    (found,) = (s for s in json.loads(document)["Statement"] if s["Sid"] == sid)
    return dict(found)


def in_alarms(stack: Stack) -> Iterator[Used]:
    for alarm in alarms(stack).values():
        for query in alarm["metricQueries"]:
            if "metric" in query:
                metric = query["metric"]
                yield metric["namespace"], metric["metricName"], metric["dimensions"]


def in_dashboard(stack: Stack) -> Iterator[Used]:
    for widget in json.loads(dashboard(stack)["dashboardBody"])["widgets"]:
        for line in widget["properties"]["metrics"]:
            if isinstance(line[0], str):
                namespace, name, *dimensions = line[:-1]
                yield namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True))


def test_the_topic_is_encrypted_by_a_key_that_alarms_may_use(dev: Stack, inputs: Inputs) -> None:
    (key,) = (key for key in dev.resources.of_type("aws:kms/key:Key") if key.name == "alarms")

    assert inputs("Topic", "alarms")["kmsMasterKeyId"] == key.outputs["arn"]
    assert key.inputs["enableKeyRotation"] is True
    assert statement(key.inputs["policy"], "EncryptAlarms") == {
        "Sid": "EncryptAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }


def test_only_alarms_of_this_stack_publish_and_only_over_tls(inputs: Inputs) -> None:
    policy = inputs("TopicPolicy", "alarms")["policy"]

    assert statement(policy, "PublishAlarms") == {
        "Sid": "PublishAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": [TOPIC],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {
                "aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{PREFIX}*"
            },
        },
    }
    denied = statement(policy, "DenyPlainText")
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(json.loads(policy)["Statement"]) == 2


def with_alarms(**alarms: Any) -> Stack:
    """Stack dev with these settings of alarms."""
    project, key = load_project(ROOT, "dev"), "data-engineer-jobs:settings"
    settings = {**json.loads(project.config[key]), "alarms": alarms}
    return look_at(replace(project, config={**project.config, key: json.dumps(settings)}))


def test_who_is_told() -> None:
    told = with_alarms(email=["a@example.com", "b@example.com"], https=["https://example.com/x"])

    subscriptions = told.resources.of_type("aws:sns/topicSubscription:TopicSubscription")
    assert [
        (s.inputs["protocol"], s.inputs["endpoint"], s.inputs["topic"]) for s in subscriptions
    ] == [
        ("email", "a@example.com", TOPIC),
        ("email", "b@example.com", TOPIC),
        ("https", "https://example.com/x", TOPIC),
    ]


def test_nobody_is_told_by_default(stack: Stack) -> None:
    assert not list(stack.resources.of_type("aws:sns/topicSubscription:TopicSubscription"))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"email": ["team"]},
            "Pulumi.dev.yaml: alarms.email.0: 'team' cannot be used; "
            "write an address such as team@example.com",
        ),
        (
            {"https": ["http://example.com"]},
            "Pulumi.dev.yaml: alarms.https.0: 'http://example.com' cannot be used; "
            "write an address such as https://example.com/alarms, without user and password",
        ),
        (
            {"https": ["https://me:secret@example.com/"]},
            "Pulumi.dev.yaml: alarms.https.0: 'https://me:secret@example.com/' cannot be used; "
            "write an address such as https://example.com/alarms, without user and password",
        ),
        (
            {"error_rate_percent": 0.0},
            "Pulumi.dev.yaml: alarms.error_rate_percent is 0.0; "
            "it should be greater than or equal to 0.1",
        ),
        (
            {"dlq": 3},
            "Pulumi.dev.yaml: alarms.dlq is not a setting; remove it or use one of email, https, "
            "dead_letters, error_rate_percent, latency_p99_ms, failed_executions, "
            "slot_request_age_seconds",
        ),
    ],
)
def test_settings_that_cannot_be(given: dict[str, Any], problem: str) -> None:
    enrichment = {
        "max_concurrent_postings": 5,
        "model_timeout_seconds": 180,
        "slots_per_model": 5,
    }

    with pytest.raises(SettingsError) as refused:
        parse("dev", {"enrichment": enrichment, "alarms": given})

    assert refused.value.problems == [problem]


def test_every_alarm_tells_its_begin_and_its_end_and_how_bad_it_is(dev: Stack) -> None:
    for name, alarm in alarms(dev).items():
        severity = name.rsplit("-", 1)[1]
        assert severity in ("critical", "warning")
        assert alarm["name"] == PREFIX + name
        assert alarm["alarmDescription"].startswith(f"[{severity}] ")
        assert alarm["alarmActions"] == alarm["okActions"] == [TOPIC]
        assert alarm["treatMissingData"] == "notBreaching"


def test_the_alarms_and_their_thresholds(dev: Stack) -> None:
    model = "openai-gpt-oss-120b-1-0"
    found = {
        name: (alarm["threshold"], alarm["evaluationPeriods"])
        for name, alarm in alarms(dev).items()
    }

    assert found == {
        "dead-letters-warning": (10, 1),
        "lost-slot-requests-critical": (0, 1),
        "oldest-slot-request-warning": (3600, 1),
        "error-rate-warning": (5, 3),
        "failed-executions-critical": (5, 1),
        "partitions-behind-warning": (0, 1),
        f"latency-{model}-warning": (120_000, 3),
        f"circuit-{model}-warning": (0, 1),
        "spend-ceiling-critical": (0, 1),
    }


def test_the_error_rate_is_failed_in_all_passes(dev: Stack) -> None:
    (watched,) = (
        query
        for query in alarms(dev)["error-rate-warning"]["metricQueries"]
        if query.get("returnData")
    )

    assert watched["expression"] == "100 * FILL(failed, 0) / (FILL(failed, 0) + FILL(succeeded, 0))"


@pytest.mark.parametrize("of", [in_alarms, in_dashboard])
def test_every_metric_is_of_something_that_is_deployed(
    stack: Stack, of: Callable[[Stack], Iterator[Used]]
) -> None:
    used = list(of(stack))

    assert used
    assert [metric for metric in used if not exists(stack, *metric)] == []


def exists(stack: Stack, namespace: str, name: str, dimensions: Mapping[str, str]) -> bool:
    """Whether something of the stack publishes a metric of this name with these dimensions."""
    if namespace == NAMESPACE:
        return name in published(stack) and dimensions.get("Stack") == stack.name
    known = {
        "QueueName": physical(stack, "aws:sqs/queue:Queue", "name"),
        "TableName": physical(stack, "aws:dynamodb/table:Table", "name"),
        "StateMachineArn": [
            f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}"
            for name in physical(stack, "aws:sfn/stateMachine:StateMachine", "name")
        ],
        "ModelId": models(stack),
        "ServiceMetric": ["StateTransition"],
    }
    ((dimension, value),) = dimensions.items()
    return name in METRICS_OF_AWS[namespace] and value in known[dimension]


def physical(stack: Stack, kind: str, name: str) -> Sequence[str]:
    return [resource.inputs[name] for resource in stack.resources.of_type(kind)]


def models(stack: Stack) -> list[str]:
    (passes,) = (
        r
        for r in stack.resources.of_type("aws:s3/bucketObjectv2:BucketObjectv2")
        if r.name == "passes"
    )
    return [one["model"] for one in json.loads(passes.inputs["content"])["passes"]]


def published(stack: Stack) -> set[str]:
    """Names that a workflow or the code of a function publishes."""
    code = (ROOT / "functions" / "parse_response" / "metrics.py").read_text()
    texts = [*stack.definitions().values(), code]
    return set(re.findall(r"MetricName[\"']: *[\"'](\w+)[\"']", "\n".join(texts))) | set(
        re.findall(r"[\"'](CallCostUSD|PassesSucceeded)[\"']", code)
    )


def test_the_dashboard_shows_what_operators_ask_for(dev: Stack) -> None:
    widgets = json.loads(dashboard(dev)["dashboardBody"])["widgets"]

    assert dashboard(dev)["dashboardName"] == f"{PREFIX}enrichment"
    assert [widget["properties"]["title"] for widget in widgets] == [
        "Executions started",
        "Executions succeeded",
        "Executions that died",
        "Model calls",
        "Latency of calls, milliseconds",
        "Tokens",
        "Cost of calls, USD",
        "Messages in queues",
        "Oldest message, seconds",
        "Dead letters",
        "Slots",
        "Failed passes, percent",
        "State transitions of the account",
    ]
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) + widgets[0]["width"] == 24
