"""CloudWatch alarms on metrics, and dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from embedded_aws.provider.aws.tags import (
    tag_changes,
    tag_list,
    tag_map,
    tag_values,
)
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    block,
    block_set,
    boolean,
    from_boto,
    integer,
    json_text,
    number,
    output,
    physical_name,
    string,
    string_map,
    string_set,
    to_boto,
)
from embedded_aws.provider.resource import Checked, CheckFailure, Handler, Place, Values
from embedded_aws.provider.schema import schema

COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
MISSING_DATA = ("missing", "ignore", "breaching", "notBreaching")


class MetricAlarm(Handler):
    """One metric, or an expression over several (`metricQueries`)."""

    settings: ClassVar[Fields] = {
        "alarmDescription": string(),
        "actionsEnabled": boolean(default=True),
        "alarmActions": string_set(),
        "okActions": string_set(boto="OKActions"),
        "insufficientDataActions": string_set(),
        "comparisonOperator": string(required=True, choices=COMPARISONS),
        "evaluationPeriods": integer(1, required=True),
        "datapointsToAlarm": integer(1),
        "threshold": number(),
        "treatMissingData": string(default="missing", choices=MISSING_DATA),
        "metricName": string(),
        "namespace": string(),
        "period": integer(10),
        "statistic": string(choices=STATISTICS),
        "extendedStatistic": string(),
        "unit": string(),
    }
    metric: ClassVar[Fields] = {"namespace": string(), "metricName": string(required=True)}
    query: ClassVar[Fields] = {
        "id": string(required=True),
        "expression": string(),
        "label": string(),
        "period": integer(10),
        "returnData": boolean(default=False),
    }
    measured: ClassVar[Fields] = {
        "period": integer(10, required=True),
        "stat": string(required=True),
        "unit": string(),
    }
    schema = schema(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "{name}",
        {
            "name": physical_name(r"[^\x00-\x1f]{1,255}"),
            "dimensions": string_map(),
            "metricQueries": block_set(
                {**query, "metric": block({**metric, **measured, "dimensions": string_map()})}
            ),
            **settings,
            **TAGS,
            "arn": output("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"),
        },
        unsupported="""evaluateLowSampleCountPercentiles evaluationCriteria evaluationInterval
            evaluationWindow thresholdMetricId warmUpConfiguration""",
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: an alarm watches one metric or one expression."""
        checked = super().check(inputs, place)
        if ("metricName" in checked.inputs) == ("metricQueries" in checked.inputs):
            failure = CheckFailure("metricName", "or metricQueries is required, one of them")
            checked.failures.append(failure)
        return checked

    def create(self, aws: Clients, inputs: Values) -> str:
        self._put(aws, inputs, Tags=tag_list(inputs.get("tags")))
        return str(inputs["name"])

    def read(self, aws: Clients, id: str) -> Values | None:
        service = aws("cloudwatch")
        found = service.describe_alarms(AlarmNames=[id])["MetricAlarms"]
        if not found:
            return None
        alarm = found[0]
        if "MetricName" not in alarm:
            alarm = {**alarm, "Statistic": None, "Period": None}  # of no metric, but returned
        tags = service.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        return {
            "name": id,
            **from_boto(self.settings, alarm),
            "dimensions": _dimension_map(alarm.get("Dimensions")),
            "metricQueries": [self._read_query(entry) for entry in alarm.get("Metrics") or []],
            **tag_values(tag_map(tags)),
            "arn": alarm["AlarmArn"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        service = aws("cloudwatch")
        self._put(aws, new)
        removed, changed = tag_changes(old, new)
        if removed:
            service.untag_resource(ResourceARN=old["arn"], TagKeys=removed)
        if changed:
            service.tag_resource(ResourceARN=old["arn"], Tags=tag_list(changed))

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        aws("cloudwatch").delete_alarms(AlarmNames=[id])

    def _put(self, aws: Clients, inputs: Values, **extra: Any) -> None:
        queries = [self._query(entry) for entry in inputs.get("metricQueries") or []]
        dimensions = _dimension_list(inputs.get("dimensions"))
        aws("cloudwatch").put_metric_alarm(
            AlarmName=inputs["name"],
            **to_boto(self.settings, inputs),
            **({"Metrics": queries} if queries else {}),
            **({"Dimensions": dimensions} if dimensions else {}),
            **extra,
        )

    def _query(self, inputs: Values) -> Values:
        query = to_boto(self.query, inputs)
        metric = inputs.get("metric")
        if metric:
            source = to_boto(self.metric, metric)
            source["Dimensions"] = _dimension_list(metric.get("dimensions"))
            query["MetricStat"] = {"Metric": source, **to_boto(self.measured, metric)}
        return query

    def _read_query(self, found: Values) -> Values:
        query = from_boto(self.query, found)
        measured = found.get("MetricStat")
        if measured:
            query["metric"] = {
                **from_boto(self.metric, measured["Metric"]),
                **from_boto(self.measured, measured),
                "dimensions": _dimension_map(measured["Metric"].get("Dimensions")),
            }
        return query


def _dimension_list(dimensions: Mapping[str, str] | None) -> list[Any]:
    return tag_list(dimensions, "Name", "Value")


def _dimension_map(dimensions: list[Any] | None) -> dict[str, str]:
    return {entry["Name"]: entry["Value"] for entry in dimensions or []}


class Dashboard(Handler):
    """Widgets as JSON; AWS compares the bodies as JSON, too."""

    schema = schema(
        "aws:cloudwatch/dashboard:Dashboard",
        "{dashboardName}",
        {
            "dashboardName": physical_name(r"[\w-]{1,255}"),
            "dashboardBody": json_text(required=True),
            "dashboardArn": output("arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"),
        },
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("cloudwatch").put_dashboard(
            DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"]
        )
        return str(inputs["dashboardName"])

    def read(self, aws: Clients, id: str) -> Values | None:
        service = aws("cloudwatch")
        found = or_none(lambda: service.get_dashboard(DashboardName=id))
        if found is None:
            return None
        return {
            "dashboardName": id,
            "dashboardBody": found["DashboardBody"],
            "dashboardArn": found["DashboardArn"],
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("cloudwatch").delete_dashboards(DashboardNames=[id]))
