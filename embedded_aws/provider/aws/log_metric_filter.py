"""Metric filters of CloudWatch log groups."""

from __future__ import annotations

from typing import ClassVar

from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    Fields,
    block,
    from_boto,
    physical_name,
    string,
    string_map,
    to_boto,
)
from embedded_aws.provider.resource import Handler, Values
from embedded_aws.provider.schema import schema


class LogMetricFilter(Handler):
    transformation: ClassVar[Fields] = {
        "name": string(required=True, boto="metricName"),
        "namespace": string(required=True, boto="metricNamespace"),
        "value": string(required=True, boto="metricValue"),
        "dimensions": string_map(),
        "unit": string(default="None"),
    }
    schema = schema(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "{logGroupName}:{name}",
        {
            "name": physical_name(r"[^:*]{1,512}"),
            "logGroupName": string(required=True, create_only=True),
            "pattern": string(required=True),
            "metricTransformation": block(
                {**transformation, "defaultValue": string()}, required=True
            ),
        },
        unsupported="applyOnTransformedLogs",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        given = inputs["metricTransformation"]
        transformation = to_boto(self.transformation, given, lower=True)
        if given.get("defaultValue"):
            transformation["defaultValue"] = float(given["defaultValue"])
        aws("logs").put_metric_filter(
            logGroupName=inputs["logGroupName"],
            filterName=inputs["name"],
            filterPattern=inputs["pattern"],
            metricTransformations=[transformation],
        )
        return f"{inputs['logGroupName']}:{inputs['name']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        group, _, name = id.partition(":")
        logs = aws("logs")
        found = or_none(
            lambda: logs.describe_metric_filters(logGroupName=group, filterNamePrefix=name)
        )
        for entry in (found or {}).get("metricFilters", []):
            if entry["filterName"] == name:
                (stored,) = entry["metricTransformations"]
                transformation = from_boto(self.transformation, stored, lower=True)
                if stored.get("defaultValue") is not None:
                    transformation["defaultValue"] = f"{stored['defaultValue']:g}"
                return {
                    "name": name,
                    "logGroupName": group,
                    "pattern": entry["filterPattern"],
                    "metricTransformation": transformation,
                }
        return None

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        group, _, name = id.partition(":")
        logs = aws("logs")
        ignore_missing(lambda: logs.delete_metric_filter(logGroupName=group, filterName=name))
