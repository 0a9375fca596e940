"""PutMetricAlarm: what alarms may be here, refusals by name, and what ministack would forget."""

from __future__ import annotations

import re
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.monitoring import series
from embedded_aws.dataplane.monitoring.evaluation import COMPARISONS
from embedded_aws.dataplane.monitoring.metric_math import MathError

Request = dict[str, Any]

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_BASIC = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_PERCENTILE = re.compile(r"p(100|\d{1,2}(\.\d{1,10})?)")
_FIELDS = {
    "AlarmName", "AlarmDescription", "ActionsEnabled", *_ACTIONS, "MetricName", "Namespace",
    "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods",
    "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "Metrics", "Tags",
}  # fmt: skip
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit")


def attach() -> None:
    """Puts the checks in front of ministack's PutMetricAlarm, and keeps the metric queries."""
    cloudwatch = ministack.service("cloudwatch")

    def build(original: Any) -> Any:
        def put(params: Any, given: Request, is_cbor: bool, is_json: bool = False) -> Any:
            if not (is_cbor or is_json):
                message = "The embedded AWS takes PutMetricAlarm in JSON or CBOR only."
                return cloudwatch._error("InvalidParameterCombination", message, 400)
            refusal = refused(given)
            if refusal is not None:
                return cloudwatch._error(
                    "ValidationError", refusal, 400, use_json=is_json, use_cbor=is_cbor
                )
            answer = original(params, given, is_cbor, is_json)
            if answer[0] < 400:
                _complete(cloudwatch._alarms[given["AlarmName"]], given)
            return answer

        return put

    ministack.replace(cloudwatch, "_put_metric_alarm", build)


def refused(given: Request) -> str | None:
    """Why an alarm may not be like this, None if it may."""
    unknown = sorted(name for name, value in given.items() if value and name not in _FIELDS)
    if unknown:
        return f"The embedded AWS has no alarms with {', '.join(unknown)}."
    if given.get("ComparisonOperator") not in COMPARISONS:
        return f"The embedded AWS has no alarms that compare {given.get('ComparisonOperator')}."
    if given.get("Threshold") is None:
        return "Threshold is required."
    if bool(given.get("Metrics")) == bool(given.get("MetricName")):
        return "An alarm needs either MetricName or Metrics."
    for action in [arn for name in _ACTIONS for arn in given.get(name) or []]:
        if action.split(":")[2:3] != ["sns"]:
            return f"The embedded AWS has no alarm actions such as {action}: only SNS topics."
    return _of_metrics(given) if given.get("Metrics") else _of_metric(given)


def _of_metric(given: Request) -> str | None:
    if bool(given.get("Statistic")) == bool(given.get("ExtendedStatistic")):
        return "An alarm needs either Statistic or ExtendedStatistic."
    if not given.get("Period"):
        return "Period is required."
    return _of_statistic(given.get("Statistic") or given["ExtendedStatistic"], given["Period"])


def _of_metrics(given: Request) -> str | None:
    if len([q for q in given["Metrics"] if q.get("ReturnData", True)]) != 1:
        return "Exactly one element of the metrics list should return data."
    periods = set()
    for query in given["Metrics"]:
        stat = query.get("MetricStat")
        if bool(stat) == bool(query.get("Expression")):
            return f"The query {query['Id']} needs either MetricStat or Expression."
        if query.get("AccountId"):
            return "The embedded AWS has no alarms on metrics of other accounts."
        if stat:
            periods.add(stat["Period"])
            refusal = _of_statistic(stat["Stat"], stat["Period"])
            if refusal is not None:
                return refusal
    if len(periods) != 1:
        return "The embedded AWS has alarms on metrics of one and the same period only."
    try:
        series.check_order(given)
    except MathError as error:
        return str(error)
    return None


def _of_statistic(name: str, period: int) -> str | None:
    if name not in _BASIC and not _PERCENTILE.fullmatch(name):
        return f"The embedded AWS has no alarms on the statistic {name}."
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        return "Period must be 10, 20, 30 or a multiple of 60 seconds."
    return None


def _complete(stored: Request, given: Request) -> None:
    """Alarms on queries have those, and nothing of an alarm on one metric."""
    if given.get("Metrics"):
        stored["Metrics"] = [
            {**query, "ReturnData": query.get("ReturnData", True)} for query in given["Metrics"]
        ]
        for name in _OF_ONE_METRIC:
            stored.pop(name, None)
        stored["Dimensions"] = []
    elif given.get("ExtendedStatistic"):
        stored.pop("Statistic", None)
