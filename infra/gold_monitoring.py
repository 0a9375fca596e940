"""What watches Gold: filters that count log lines, alarms, the dashboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.alarms import AlarmPlan, alarm
from infra.dashboard import widget
from infra.metrics import STACK, Metric, Metrics

COMPONENT = "gold"
DAY = 86_400  # seconds
SHARE_OF_LIMIT = 0.8


@dataclass(frozen=True)
class Watched:
    """Log groups of the runner and of its results, and the topic that alarms tell."""

    runner_log: pulumi.Input[str]
    run_results_log: pulumi.Input[str]
    topic_arn: pulumi.Input[str]


class GoldMonitoring(pulumi.ComponentResource):
    """Filters, alarms and the dashboard `dashboard`."""

    def __init__(
        self, metrics: Metrics, watched: Watched, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("data-engineer-jobs:gold:GoldMonitoring", "gold-monitoring", None, opts)
        self._metrics = metrics
        self._child = pulumi.ResourceOptions(parent=self)
        self._count("gold-errors", watched.runner_log, '{ $.level = "error" }', "LogErrors")
        self._count("gold-warnings", watched.runner_log, '{ $.level = "warn" }', "LogWarnings")
        self._count(
            "gold-model-failures",
            watched.run_results_log,
            '{ $.status = "error" }',
            "ModelFailures",
        )
        for plan in plans(metrics):
            alarm(plan, metrics.deployment, watched.topic_arn, self._child)
        found = aws.cloudwatch.Dashboard(
            "gold",
            dashboard_name=metrics.deployment.name("gold"),
            dashboard_body=json.dumps(body(metrics)),
            opts=self._child,
        )
        self.dashboard = found.dashboard_name
        self.register_outputs({"dashboard": self.dashboard})

    def _count(self, thing: str, group: pulumi.Input[str], pattern: str, metric: str) -> None:
        """A log group's lines that match, as a metric. Filters of JSON have no fixed dimensions:
        the stack is part of the metric's name."""
        deployment, gold = self._metrics.deployment, self._metrics.settings.gold
        aws.cloudwatch.LogMetricFilter(
            thing,
            name=deployment.name(thing),
            log_group_name=group,
            pattern=pattern,
            metric_transformation={
                "name": f"{metric}-{deployment.stack}",
                "namespace": gold.metrics_namespace,
                "value": "1",
                "unit": "Count",
            },
            opts=self._child,
        )


def gold(metrics: Metrics, name: str, stat: str = "Sum") -> Metric:
    """What the dbt runner publishes."""
    stack = {STACK: metrics.deployment.stack}
    return Metric(metrics.settings.gold.metrics_namespace, name, stat, stack)


def counted(metrics: Metrics, name: str) -> Metric:
    """What a filter counts."""
    name = f"{name}-{metrics.deployment.stack}"
    return Metric(metrics.settings.gold.metrics_namespace, name, "Sum", {})


def plans(metrics: Metrics) -> Iterator[AlarmPlan]:
    """Six alarms, and stale data."""
    settings = metrics.settings.gold
    build = {
        "failed": metrics.workflow("build-gold", "ExecutionsFailed"),
        "late": metrics.workflow("build-gold", "ExecutionsTimedOut"),
    }
    yield AlarmPlan(
        "gold-build-failed",
        "critical",
        "A build of Gold failed: tables are as the last good step left them.",
        "See `dej gold last`; it names the step, its models and the log.",
        build,
        "FILL(failed, 0) + FILL(late, 0)",
        0,
    )
    yield AlarmPlan(
        "gold-models-failed",
        "critical",
        "dbt could not build models.",
        "See `dej gold last`; a changed column needs `dej gold build --full-refresh`.",
        {"failed": gold(metrics, "ModelsError")},
        "failed",
        0,
    )
    yield AlarmPlan(
        "gold-tests-failed",
        "warning",
        "Tests of Gold failed.",
        "See `dej gold last` for their names.",
        {"failed": gold(metrics, "TestsFailed")},
        "failed",
        0,
    )
    yield AlarmPlan(
        "gold-slow",
        "warning",
        "A dbt command needs most of the time that its function has.",
        "Raise gold.base_capacity_rpu, or split the step.",
        {"seconds": gold(metrics, "RunDuration", "Maximum")},
        "seconds",
        SHARE_OF_LIMIT * settings.runner_timeout_seconds,
    )
    yield AlarmPlan(
        "gold-log-errors",
        "warning",
        "The dbt runner logged errors.",
        "Look for lines of level error in the runner's log group.",
        {"errors": counted(metrics, "LogErrors")},
        "errors",
        0,
    )
    yield _use(metrics)
    yield AlarmPlan(
        "gold-stale-data",
        "warning",
        "Stale Data: a source of Gold has no new rows within its time.",
        "See `dej gold last` for the source, and whether ingestion and enrichment run.",
        {"stale": gold(metrics, "StaleSources", "Maximum")},
        "stale",
        0,
    )


def _use(metrics: Metrics) -> AlarmPlan:
    """Redshift's own seconds, or the memory of the function in which DuckDB runs."""
    settings = metrics.settings.gold
    if settings.engine == "duckdb":
        return AlarmPlan(
            "gold-throttled",
            "warning",
            "Lambda has no room for the dbt runner.",
            "See the account's concurrent executions.",
            {"throttles": runner(metrics, "Throttles")},
            "throttles",
            0,
        )
    workgroup = {"Workgroup": metrics.deployment.name("gold")}
    return AlarmPlan(
        "gold-use",
        "warning",
        "Redshift comes near the day's limit of use, at which it refuses queries.",
        "See what runs; gold.daily_rpu_hours is the limit.",
        {"seconds": Metric("AWS/Redshift-Serverless", "ComputeSeconds", "Sum", workgroup)},
        "seconds",
        SHARE_OF_LIMIT * settings.daily_rpu_hours * 3600,
        seconds=DAY,
    )


def runner(metrics: Metrics, name: str, stat: str = "Sum") -> Metric:
    """What Lambda says of the dbt runner."""
    function = {"FunctionName": metrics.deployment.name("dbt-runner")}
    return Metric("AWS/Lambda", name, stat, function)


def body(metrics: Metrics) -> dict[str, Any]:
    """Eight widgets."""
    states = [
        metrics.workflow("build-gold", f"Executions{end}").drawn(label=end.lower())
        for end in ("Started", "Succeeded", "Failed", "TimedOut")
    ]
    charts = [
        ("Builds", states),
        (
            "Seconds of a build",
            [metrics.workflow("build-gold", "ExecutionTime", "Maximum").drawn()],
        ),
        ("Models", [gold(metrics, n).drawn() for n in ("ModelsSuccess", "ModelsError")]),
        ("Tests", [gold(metrics, n).drawn() for n in ("TestsPassed", "TestsFailed")]),
        ("Longest dbt command, seconds", [gold(metrics, "RunDuration", "Maximum").drawn()]),
        ("Log lines", [counted(metrics, n).drawn() for n in ("LogErrors", "LogWarnings")]),
        (
            "dbt runner",
            [runner(metrics, n).drawn() for n in ("Invocations", "Errors", "Throttles")],
        ),
        ("Stale sources", [gold(metrics, "StaleSources", "Maximum").drawn()]),
    ]
    region = metrics.deployment.region
    return {
        "widgets": [
            widget(index, title, lines, region) for index, (title, lines) in enumerate(charts)
        ]
    }
