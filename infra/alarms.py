"""Alarms of enrichment: each rings and ends on the stack's topic; missing data is no breach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra.metrics import Metric, Metrics, error_rate
from infra.naming import Deployment
from infra.topic import COMPONENT, AlarmTopic

PERIOD = 300  # seconds
# What discovery measures once an hour: always one value in a period, so that it does not flicker.
HOURLY_PERIOD = 7200

Query = aws.cloudwatch.MetricAlarmMetricQueryArgsDict
Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class AlarmPlan:
    """What rings when `value` is above `threshold` in `periods` periods in a row.

    severity   critical: work stands still until somebody acts; warning: look today
    says       what is the case when it rings
    remedy     what to do, as a command where there is one
    metrics    by id; `value` is an expression over the ids
    seconds    of one period
    """

    thing: str
    severity: Severity
    says: str
    remedy: str
    metrics: Mapping[str, Metric]
    value: str
    threshold: float
    periods: int = 1
    seconds: int = PERIOD

    @property
    def name(self) -> str:
        return f"{self.thing}-{self.severity}"

    @property
    def description(self) -> str:
        return f"[{self.severity}] {self.says} {self.remedy}"

    def queries(self) -> list[Query]:
        """A metric's id alone needs no expression: its own query returns the data."""
        queries: list[Query] = [
            {"id": id, "metric": metric.queried(self.seconds), "return_data": id == self.value}
            for id, metric in self.metrics.items()
        ]
        if self.value not in self.metrics:
            queries.append({"id": "watched", "expression": self.value, "return_data": True})
        return queries


class Alarms(pulumi.ComponentResource):
    """The alarms of a stack and the topic that they tell, as `topic_arn`."""

    def __init__(self, metrics: Metrics, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-engineer-jobs:alarms:Alarms", "alarms", None, opts)
        deployment = metrics.deployment
        child = pulumi.ResourceOptions(parent=self)
        topic = AlarmTopic(deployment, metrics.settings.alarms, child)
        for plan in plans(metrics):
            alarm(plan, deployment, topic.arn, child)
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})


def alarm(
    plan: AlarmPlan,
    deployment: Deployment,
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    """An alarm that tells the topic when it rings and when it ends."""
    return aws.cloudwatch.MetricAlarm(
        plan.name,
        name=deployment.name(plan.name),
        alarm_description=plan.description,
        metric_queries=plan.queries(),
        comparison_operator="GreaterThanThreshold",
        threshold=plan.threshold,
        evaluation_periods=plan.periods,
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=deployment.tags(COMPONENT),
        opts=opts,
    )


def plans(metrics: Metrics) -> Iterator[AlarmPlan]:
    """Every alarm of a stack."""
    yield from _queues(metrics)
    yield from _runs(metrics)
    yield from _models(metrics)
    yield AlarmPlan(
        "spend-ceiling",
        "critical",
        "The daily spend ceiling is reached: no call gets a slot and discovery starts nothing.",
        "See `dej spend`; `dej spend lift` goes on for today.",
        {"refused": metrics.own("SpendCeilingReached")},
        "refused",
        0,
    )


def _queues(metrics: Metrics) -> Iterator[AlarmPlan]:
    settings = metrics.settings.alarms
    visible = "ApproximateNumberOfMessagesVisible"
    yield AlarmPlan(
        "dead-letters",
        "warning",
        "Postings failed for good or their messages cannot be read.",
        "See `dej dlq list`; `dej dlq redrive` tries again.",
        {"waiting": metrics.queue("enrichment-jobs-dlq", visible, "Maximum")},
        "waiting",
        settings.dead_letters,
    )
    yield AlarmPlan(
        "lost-slot-requests",
        "critical",
        "The granter could not handle requests for slots: the calls behind them wait in vain.",
        "See `dej dlq list --queue slot-requests` and the logs of grant_slot.",
        {"waiting": metrics.queue("slot-requests-dlq", visible, "Maximum")},
        "waiting",
        0,
    )
    yield AlarmPlan(
        "oldest-slot-request",
        "warning",
        "Calls wait for a slot for long: the limit is too low for the load, or nobody grants.",
        "See `dej slots` and `dej schedule list`; `dej slots limit` raises a limit.",
        {"age": metrics.queue("slot-requests", "ApproximateAgeOfOldestMessage", "Maximum")},
        "age",
        settings.slot_request_age_seconds,
    )


def _runs(metrics: Metrics) -> Iterator[AlarmPlan]:
    settings = metrics.settings.alarms
    yield AlarmPlan(
        "error-rate",
        "warning",
        "Too many passes fail.",
        "See `dej dlq list` and `dej posting` for what the model answered.",
        {"failed": metrics.own("PassesFailed"), "succeeded": metrics.own("PassesSucceeded")},
        error_rate("failed", "succeeded"),
        settings.error_rate_percent,
        periods=3,
    )
    ended = {
        f"{kind}_{workflow}": metrics.workflow(f"enrich-{workflow}", f"Executions{metric}")
        for workflow in ("posting", "partition")
        for kind, metric in (("failed", "Failed"), ("late", "TimedOut"))
    }
    yield AlarmPlan(
        "failed-executions",
        "critical",
        "Executions of enrich_posting or enrich_partition die.",
        "See their error and cause; what they held is freed within 15 minutes.",
        ended,
        " + ".join(f"FILL({id}, 0)" for id in ended),
        settings.failed_executions,
    )
    yield AlarmPlan(
        "partitions-behind",
        "warning",
        "Partitions were tried three times and still lack results; they went behind the others.",
        "See the output of find_pending_partitions and `dej posting` for their postings.",
        {"behind": metrics.own("PartitionsBehind", "Maximum")},
        "behind",
        0,
        seconds=HOURLY_PERIOD,
    )


def _models(metrics: Metrics) -> Iterator[AlarmPlan]:
    for model in metrics.models:
        slug = re.sub(r"[.:/]", "-", model)
        yield AlarmPlan(
            f"latency-{slug}",
            "warning",
            f"The slowest calls of {model} take too long.",
            "Fewer at once may help: `dej slots limit`.",
            {"latency": metrics.model(model, "InvocationLatency", "p99")},
            "latency",
            metrics.settings.alarms.latency_p99_ms,
            periods=3,
        )
        yield AlarmPlan(
            f"circuit-{slug}",
            "warning",
            f"{model} refused five calls in a row: it is called once a minute until it answers.",
            "See `dej slots`; a lower limit or a higher quota helps against throttling.",
            {"refused": metrics.own("CircuitOpen", Model=model)},
            "refused",
            0,
        )
