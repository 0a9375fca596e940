"""Metrics out of log events as they arrive: metric filters, and the embedded metric format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.monitoring import log_patterns
from embedded_aws.dataplane.monitoring.log_patterns import Matches, PatternError

Event = dict[str, Any]
Request = dict[str, Any]

_FIELDS = {"logGroupName", "filterName", "filterPattern", "metricTransformations"}
_TRANSFORMATION = {
    "metricName", "metricNamespace", "metricValue", "defaultValue", "dimensions", "unit",
}  # fmt: skip
_EMF = '"_aws"'


def attach() -> None:
    """Lets events that are put by the API become metrics."""
    logs = ministack.service("cloudwatch_logs")

    def build(original: Any) -> Any:
        def put(data: Request) -> Any:
            answer = original(data)
            if answer[0] == 200:
                arrived(data["logGroupName"], data.get("logEvents") or [])
            return answer

        return put

    ministack.replace(logs, "_put_log_events", build)


def guard(method: str, path: str, headers: dict[str, str], body: Request) -> tuple[str, str] | None:
    """PutMetricFilter: refuses what would never match or count."""
    if not headers.get("x-amz-target", "").endswith(".PutMetricFilter"):
        return None
    unknown = sorted(name for name, value in body.items() if value and name not in _FIELDS)
    for transformation in body.get("metricTransformations") or []:
        unknown += sorted(set(transformation) - _TRANSFORMATION)
        if transformation.get("dimensions") and transformation.get("defaultValue") is not None:
            return (
                "InvalidParameterException",
                "Invalid metric transformation: dimensions and default value are mutually "
                "exclusive properties.",
            )
    if unknown:
        message = f"The embedded AWS has no metric filters with {', '.join(unknown)}."
        return "InvalidParameterException", message
    try:
        log_patterns.compiled(body.get("filterPattern", ""))
        for transformation in body.get("metricTransformations") or []:
            _check_value(transformation["metricValue"])
    except PatternError as error:
        return "InvalidParameterException", str(error)
    return None


def arrived(group: str, events: Iterable[Event]) -> None:
    """Events (`timestamp` in milliseconds, `message`) came to a group; in its request scope."""
    logs = ministack.service("cloudwatch_logs")
    filters = [f for (name, _), f in list(logs._metric_filters.items()) if name == group]
    tests = [(log_patterns.compiled(f["filterPattern"]), f) for f in filters]
    for event in events:
        text = event["message"]
        parsed = _parsed(text) if tests or _EMF in text else None
        for matches, found in tests:
            _count(found, matches, text, parsed, event["timestamp"] / 1000)
        if isinstance(parsed, dict) and isinstance(parsed.get("_aws"), dict):
            _embedded(parsed)


def _parsed(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _check_value(value: str) -> None:
    if value.startswith("$"):
        log_patterns.value_at(value, None)
    elif _number(value) is None:
        raise PatternError(f"Invalid metric transformation: {value} is no number and no property.")


def _count(found: Request, matches: Matches, text: str, event: Any, at: float) -> None:
    matched = matches(text, event)
    for transformation in found["metricTransformations"]:
        given = transformation["metricValue"] if matched else transformation.get("defaultValue")
        if isinstance(given, str) and given.startswith("$"):
            given = log_patterns.value_at(given, event)
        value = _number(given)
        dimensions = {
            name: str(log_patterns.value_at(path, event))
            for name, path in (transformation.get("dimensions") or {}).items()
            if log_patterns.value_at(path, event) is not None
        }
        if value is None or len(dimensions) < len(transformation.get("dimensions") or {}):
            continue
        metric = (transformation["metricNamespace"], transformation["metricName"])
        store(*metric, dimensions, {"Value": value}, transformation.get("unit"), at)


def _embedded(event: Event) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
    CloudWatch_Embedded_Metric_Format_Specification.html"""
    at = float(event["_aws"].get("Timestamp") or 0) / 1000
    for directive in event["_aws"].get("CloudWatchMetrics") or []:
        for names in directive.get("Dimensions") or [[]]:
            if not all(isinstance(event.get(name), str) for name in names):
                continue
            dimensions = {name: event[name] for name in names}
            for metric in directive.get("Metrics") or []:
                value = event.get(metric.get("Name"))
                for one in value if isinstance(value, list) else [value]:
                    number = _number(one)
                    if number is not None:
                        given = {"Value": number}
                        key = (directive["Namespace"], metric["Name"])
                        store(*key, dimensions, given, metric.get("Unit"), at)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def store(
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    value: Mapping[str, float],
    unit: str | None,
    at: float,
) -> None:
    """One data point with a time of its own."""
    cloudwatch = ministack.service("cloudwatch")
    key = (namespace, name, cloudwatch._dims_key(dict(dimensions)))
    point = {**value, "Timestamp": at, "Unit": unit or "None", "Dimensions": dict(dimensions)}
    cloudwatch._metric_bucket(key).append(point)
