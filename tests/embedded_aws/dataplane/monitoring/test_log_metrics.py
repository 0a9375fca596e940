"""Metrics out of logs: patterns, values, dimensions, defaults, and the embedded format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.dataplane.monitoring.log_patterns import PatternError, compiled
from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

START = datetime(2026, 1, 31, 5, tzinfo=UTC)
EVENT = {"level": "ERROR", "status": 503, "user": None, "deep": {"list": [1, {"x": True}]}}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", True),
        ("ERROR", True),
        ("ERROR absent", False),
        ('"ERROR\\", \\"status"', True),
        ('"status: 503"', False),
        ("?absent ?ERROR", True),
        ("?absent ?other", False),
        ("ERROR -status", False),
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "ERR*" && $.status >= 500 }', True),
        ('{ $.level = "INFO" || $.status = 503 }', True),
        ('{ ($.level = "INFO" || $.status = 503) && $.absent NOT EXISTS }', True),
        ("{ $.status != 503 }", False),
        ("{ $.status = 5* }", False),
        ("{ $.user IS NULL }", True),
        ("{ $.deep.list[1].x IS TRUE }", True),
        ("{ $.deep.list[0] < 1 }", False),
        ("{ $.absent = 1 }", False),
        ('{ $.level = "error" }', False),
    ],
)
def test_patterns(pattern: str, matches: bool) -> None:
    assert compiled(pattern)(json.dumps(EVENT), EVENT) is matches


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("[ip, user]", "no space-delimited filter patterns"),
        ("%5[0-9]+%", "no regular expressions"),
        ("{ $.a = %x% }", "no regular expressions"),
        ("{ $.a = 1", "ends with }"),
        ("{ $.a > x }", "x is not a number"),
        ("{ a = 1 }", "is no property"),
        ("{ $.a = 1 && }", "ends too early"),
        ("{ $.a[*] = 1 }", "cannot read"),
    ],
)
def test_patterns_that_are_not_there_are_refused(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        compiled(pattern)


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """A server at 2026-01-31T05:00:00Z."""
    with running(clock=Clock.virtual(START.timestamp())) as server:
        yield server


@pytest.fixture
def account(aws: EmbeddedAws, account_of: Callable[[Endpoint], Any]) -> Any:
    return account_of(aws.endpoint)


def total(aws: EmbeddedAws, namespace: str, name: str, **dimensions: str) -> float | None:
    points = aws.endpoint.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=START - timedelta(hours=5),
        EndTime=START + timedelta(hours=19),
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return points[0]["Sum"] if points else None


def put(aws: EmbeddedAws, *messages: Any) -> None:
    at = int(START.timestamp() * 1000)
    texts = [m if isinstance(m, str) else json.dumps(m) for m in messages]
    events = [{"timestamp": at, "message": text} for text in texts]
    aws.endpoint.client("logs").put_log_events(
        logGroupName="group", logStreamName="stream", logEvents=events
    )


@pytest.fixture
def logs(aws: EmbeddedAws) -> Any:
    client = aws.endpoint.client("logs")
    client.create_log_group(logGroupName="group")
    client.create_log_stream(logGroupName="group", logStreamName="stream")
    return client


def add_filter(logs: Any, pattern: str, **transformation: Any) -> None:
    given = {"metricName": "N", "metricNamespace": "Tests", "metricValue": "1", **transformation}
    logs.put_metric_filter(
        logGroupName="group",
        filterName="filter",
        filterPattern=pattern,
        metricTransformations=[given],
    )


def test_a_term_is_counted_and_others_give_the_default(aws: EmbeddedAws, logs: Any) -> None:
    add_filter(logs, "ERROR", defaultValue=0)
    put(aws, "all well")
    assert total(aws, "Tests", "N") == 0
    put(aws, "ERROR 1", "ERROR 2", "fine")
    assert total(aws, "Tests", "N") == 2


def test_values_and_dimensions_come_out_of_json(aws: EmbeddedAws, logs: Any) -> None:
    add_filter(logs, "{ $.took > 1 }", metricValue="$.took", dimensions={"model": "$.model"})
    put(aws, {"took": 2, "model": "a"}, {"took": 3.5, "model": "a"}, {"took": 9, "model": "b"})
    put(aws, {"took": 0.5, "model": "a"}, {"took": 7}, "took 8")
    assert total(aws, "Tests", "N", model="a") == 5.5
    assert total(aws, "Tests", "N", model="b") == 9
    assert total(aws, "Tests", "N") is None


def test_the_embedded_format(aws: EmbeddedAws, logs: Any) -> None:
    put(
        aws,
        {
            "_aws": {
                "Timestamp": int(START.timestamp() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Tests",
                        "Dimensions": [["model"], []],
                        "Metrics": [{"Name": "took", "Unit": "Milliseconds"}, {"Name": "list"}],
                    }
                ],
            },
            "model": "a",
            "took": 12,
            "list": [1, 2, 3],
        },
    )
    assert total(aws, "Tests", "took", model="a") == 12
    assert total(aws, "Tests", "took") == 12
    assert total(aws, "Tests", "list", model="a") == 6


def test_what_functions_and_executions_log_is_filtered_too(
    aws: EmbeddedAws, account: Any, logs: Any
) -> None:
    code = "def handler(event, context): print('ERROR in the function')"
    role = account.role("function", "lambda", ("logs:*", "*"))
    account.function("prints", code, role, LoggingConfig={"LogGroup": "group"})
    add_filter(logs, "ERROR")
    aws.endpoint.client("lambda").invoke(FunctionName="prints", Payload=b"{}")
    assert total(aws, "Tests", "N") == 1


@pytest.mark.parametrize(
    ("pattern", "change", "message"),
    [
        ("[a, b]", {}, "no space-delimited"),
        ("x", {"metricValue": "two"}, "two is no number and no property"),
        ("x", {"defaultValue": 0, "dimensions": {"a": "$.a"}}, "mutually exclusive"),
    ],
)
def test_filters_that_cannot_work_are_refused(
    logs: Any, pattern: str, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        add_filter(logs, pattern, **change)
