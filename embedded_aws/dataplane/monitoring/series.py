"""Values of metrics per period, out of what CloudWatch has stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.monitoring import metric_math
from embedded_aws.dataplane.monitoring.metric_math import Value

Alarm = dict[str, Any]
Metric = tuple[str, str]  # namespace and name


def metrics_of(alarm: Alarm) -> set[Metric]:
    """The metrics that an alarm reads."""
    stats = [query["MetricStat"] for query in _queries(alarm) if query.get("MetricStat")]
    return {(stat["Metric"]["Namespace"], stat["Metric"]["MetricName"]) for stat in stats}


def period_of(alarm: Alarm) -> int:
    """Seconds; all queries of an alarm have the same."""
    periods = [int(q["MetricStat"]["Period"]) for q in _queries(alarm) if q.get("MetricStat")]
    return max(periods)


def values_of(alarm: Alarm, count: int, end: float) -> list[Value]:
    """The watched values of the `count` periods before `end`, oldest first."""
    period = period_of(alarm)
    queries = _queries(alarm)
    found = {
        query["Id"]: _stored(query["MetricStat"], period, count, end)
        for query in queries
        if query.get("MetricStat")
    }
    for query in _in_order(queries):
        found[query["Id"]] = metric_math.evaluate(query["Expression"], found, count)
    (watched,) = [query["Id"] for query in queries if query.get("ReturnData", True)]
    return found[watched]


def newest(alarm: Alarm) -> float | None:
    """When the alarm's metrics have their latest value, None if there is none."""
    stats = [query["MetricStat"] for query in _queries(alarm) if query.get("MetricStat")]
    return max((point["Timestamp"] for stat in stats for point in _points(stat)), default=None)


def _queries(alarm: Alarm) -> list[dict[str, Any]]:
    """An alarm on one metric is one query."""
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    names = ("Namespace", "MetricName", "Dimensions")
    stat = {
        "Metric": {name: alarm.get(name) for name in names},
        "Period": alarm["Period"],
        "Stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average",
        "Unit": alarm.get("Unit"),
    }
    return [{"Id": "m1", "MetricStat": stat}]


def _in_order(queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expressions, each after those that it reads. Raises MathError for a circle."""
    known = {query["Id"] for query in queries if query.get("MetricStat")}
    waiting = [query for query in queries if query.get("Expression")]
    ordered = []
    while waiting:
        ready = [q for q in waiting if metric_math.check(q["Expression"]) <= known]
        if not ready:
            raise metric_math.MathError(
                f"The metric math expression {waiting[0]['Expression']!r} reads an id that is "
                "not there."
            )
        ordered += ready
        known |= {query["Id"] for query in ready}
        waiting = [query for query in waiting if query not in ready]
    return ordered


def check_order(alarm: Alarm) -> None:
    """Raises MathError if an expression cannot be evaluated."""
    _in_order(_queries(alarm))


def _stored(stat: Mapping[str, Any], period: int, count: int, end: float) -> list[Value]:
    cloudwatch, start = ministack.service("cloudwatch"), end - period * count
    buckets: list[list[Any]] = [[] for _ in range(count)]
    for point in _points(stat):
        unit = stat.get("Unit")
        if start <= point["Timestamp"] < end and unit in (None, point["Unit"]):
            buckets[int((point["Timestamp"] - start) // period)].append(point)
    return [_statistic(cloudwatch, stat["Stat"], points) for points in buckets]


def _points(stat: Mapping[str, Any]) -> list[dict[str, Any]]:
    cloudwatch, metric = ministack.service("cloudwatch"), stat["Metric"]
    dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions") or []}
    key = (metric["Namespace"], metric["MetricName"], cloudwatch._dims_key(dimensions))
    return cloudwatch._metrics.get(key) or []


def _statistic(cloudwatch: Any, name: str, points: list[Any]) -> Value:
    calculated = cloudwatch._calc_stats(points)
    if not calculated:
        return None
    value: Value = cloudwatch._stat_value(calculated, name, points)
    return value
