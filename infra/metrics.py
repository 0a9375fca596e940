"""The metrics that alarms and dashboard look at, of AWS's services and of the stack itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws

from infra.naming import Deployment
from infra.settings import Settings

# Metrics of the stack's own namespace carry it, because stacks of one account may share that.
STACK = "Stack"


@dataclass(frozen=True)
class Metric:
    """One metric under one statistic (`Sum`, `Maximum`, `p99`, ...)."""

    namespace: str
    name: str
    stat: str
    dimensions: Mapping[str, str]

    def queried(self, period: int) -> aws.cloudwatch.MetricAlarmMetricQueryMetricArgsDict:
        """As a metric query of an alarm asks for it; `period` in seconds."""
        return {
            "namespace": self.namespace,
            "metric_name": self.name,
            "dimensions": dict(self.dimensions),
            "stat": self.stat,
            "period": period,
        }

    def drawn(self, **options: Any) -> list[Any]:
        """As a widget of a dashboard names it; options such as `label`, `id`, `visible`."""
        dimensions = [part for pair in self.dimensions.items() for part in pair]
        return [self.namespace, self.name, *dimensions, {"stat": self.stat, **options}]


@dataclass(frozen=True)
class Metrics:
    """Metrics of one stack by the names of its things."""

    deployment: Deployment
    settings: Settings

    @property
    def models(self) -> list[str]:
        """Every model that a pass calls."""
        return sorted(set(self.settings.enrichment.models.values()))

    def queue(self, thing: str, name: str, stat: str) -> Metric:
        """Of a FIFO queue, whose name ends in `.fifo`."""
        queue = f"{self.deployment.name(thing)}.fifo"
        return Metric("AWS/SQS", name, stat, {"QueueName": queue})

    def workflow(self, thing: str, name: str, stat: str = "Sum") -> Metric:
        arn = self.deployment.state_machine_arn(thing)
        return Metric("AWS/States", name, stat, {"StateMachineArn": arn})

    def model(self, model: str, name: str, stat: str) -> Metric:
        return Metric("AWS/Bedrock", name, stat, {"ModelId": model})

    def table(self, thing: str, name: str) -> Metric:
        return Metric("AWS/DynamoDB", name, "Sum", {"TableName": self.deployment.name(thing)})

    def own(self, name: str, stat: str = "Sum", **dimensions: str) -> Metric:
        """What functions and workflows of the stack publish."""
        namespace = self.settings.enrichment.metrics_namespace
        return Metric(namespace, name, stat, {STACK: self.deployment.stack, **dimensions})


def error_rate(failed: str, succeeded: str) -> str:
    """Failed passes in percent of all, from the ids of two metrics; nothing where none ended."""
    counted = f"FILL({failed}, 0)"
    return f"100 * {counted} / ({counted} + FILL({succeeded}, 0))"
