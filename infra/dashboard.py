"""The dashboard of enrichment: what runs, what it costs, what waits, what fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.metrics import Metric, Metrics, error_rate

PERIOD = 300  # seconds
WIDTH, HEIGHT, PER_ROW = 8, 6, 3  # a dashboard is 24 wide

WORKFLOWS = ("enrich-posting", "enrich-partition", "enrich-partitions", "discover-postings")
QUEUES = ("enrichment-jobs", "slot-requests")

Lines = list[list[Any]]


class Dashboard(pulumi.ComponentResource):
    """One dashboard per stack, as `name`."""

    def __init__(self, metrics: Metrics, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-engineer-jobs:dashboard:Dashboard", "enrichment", None, opts)
        dashboard = aws.cloudwatch.Dashboard(
            "enrichment",
            dashboard_name=metrics.deployment.name("enrichment"),
            dashboard_body=json.dumps(body(metrics)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = dashboard.dashboard_name
        self.register_outputs({"name": self.name})


def body(metrics: Metrics) -> dict[str, Any]:
    """The dashboard as CloudWatch reads it."""
    charts: list[tuple[str, Lines]] = [
        *_executions(metrics),
        *_models(metrics),
        *_queues(metrics),
        ("Failed passes, percent", _error_rate(metrics)),
        ("State transitions of the account", [_transitions().drawn(label="transitions")]),
    ]
    region = metrics.deployment.region
    widgets = [widget(index, title, lines, region) for index, (title, lines) in enumerate(charts)]
    return {"widgets": widgets}


def _executions(metrics: Metrics) -> list[tuple[str, Lines]]:
    def lines(*names: str) -> Lines:
        return [
            metrics.workflow(workflow, name).drawn(label=f"{workflow} {name[10:].lower()}")
            for name in names
            for workflow in WORKFLOWS
        ]

    return [
        ("Executions started", lines("ExecutionsStarted")),
        ("Executions succeeded", lines("ExecutionsSucceeded")),
        (
            "Executions that died",
            lines("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"),
        ),
    ]


def _models(metrics: Metrics) -> list[tuple[str, Lines]]:
    def lines(*measured: tuple[str, str, str]) -> Lines:
        return [
            metrics.model(model, name, stat).drawn(label=f"{model} {label}")
            for model in metrics.models
            for name, stat, label in measured
        ]

    return [
        (
            "Model calls",
            lines(
                ("Invocations", "Sum", "answered"),
                ("InvocationThrottles", "Sum", "throttled"),
                ("InvocationClientErrors", "Sum", "refused"),
                ("InvocationServerErrors", "Sum", "failed"),
            ),
        ),
        (
            "Latency of calls, milliseconds",
            lines(("InvocationLatency", "p50", "p50"), ("InvocationLatency", "p99", "p99")),
        ),
        (
            "Tokens",
            lines(("InputTokenCount", "Sum", "in"), ("OutputTokenCount", "Sum", "out")),
        ),
        ("Cost of calls, USD", [metrics.own("CallCostUSD").drawn(label="all models")]),
    ]


def _queues(metrics: Metrics) -> list[tuple[str, Lines]]:
    def lines(name: str, queues: Sequence[str], label: str) -> Lines:
        return [
            metrics.queue(queue, name, "Maximum").drawn(label=f"{queue} {label}")
            for queue in queues
        ]

    visible = "ApproximateNumberOfMessagesVisible"
    taken = "ApproximateNumberOfMessagesNotVisible"
    age = "ApproximateAgeOfOldestMessage"
    circuits = [
        metrics.own("CircuitOpen", Model=model).drawn(label=f"circuit of {model} open")
        for model in metrics.models
    ]
    refused = metrics.table("enrichment-slots", "ConditionalCheckFailedRequests")
    granted = metrics.workflow("grant-slot", "ExecutionsSucceeded")
    return [
        ("Messages in queues", lines(visible, QUEUES, "waiting") + lines(taken, QUEUES, "taken")),
        ("Oldest message, seconds", lines(age, QUEUES, "")),
        ("Dead letters", lines(visible, [f"{queue}-dlq" for queue in QUEUES], "")),
        (
            "Slots",
            [
                granted.drawn(label="requests handled"),
                refused.drawn(label="acquires refused"),
                *circuits,
                metrics.own("SpendCeilingReached").drawn(label="ceiling reached"),
            ],
        ),
    ]


def _error_rate(metrics: Metrics) -> Lines:
    return [
        metrics.own("PassesFailed").drawn(id="failed", visible=False),
        metrics.own("PassesSucceeded").drawn(id="succeeded", visible=False),
        [{"expression": error_rate("failed", "succeeded"), "label": "failed", "id": "rate"}],
    ]


def _transitions() -> Metric:
    return Metric("AWS/States", "ConsumedCapacity", "Sum", {"ServiceMetric": "StateTransition"})


def widget(index: int, title: str, lines: Lines, region: str) -> dict[str, Any]:
    """A chart of lines over time, the index-th of a dashboard."""
    row, column = divmod(index, PER_ROW)
    return {
        "type": "metric",
        "x": column * WIDTH,
        "y": row * HEIGHT,
        "width": WIDTH,
        "height": HEIGHT,
        "properties": {
            "title": title,
            "view": "timeSeries",
            "stacked": False,
            "region": region,
            "period": PERIOD,
            "metrics": lines,
        },
    }
