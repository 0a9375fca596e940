"""What alarms tell when they change: SNS messages, and an event on the default bus."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.endpoint import ACCOUNT

Alarm = dict[str, Any]

_ACTIONS = {
    "ALARM": "AlarmActions",
    "OK": "OKActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}
_OF_ONE_METRIC = ("MetricName", "Namespace", "Unit", "Period")
_COMMON = ("EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "Threshold")

_log = logging.getLogger(__name__)


def act(alarm: Alarm, old: str, new: str, reason: str) -> None:
    """Publishes to the topics of the new state that let CloudWatch do so."""
    if not alarm.get("ActionsEnabled", True):
        return
    sns = ministack.service("sns")
    text = json.dumps(_message(alarm, old, new, reason))
    subject = f'{new}: "{alarm["AlarmName"]}" in US East (N. Virginia)'[:100]
    for topic in alarm.get(_ACTIONS[new]) or []:
        if sns.topic_policy_allows(topic, "cloudwatch.amazonaws.com", alarm["AlarmArn"], ACCOUNT):
            sns._fanout(topic, str(uuid.uuid4()), text, subject)
        else:
            _log.warning("%s does not let alarm %s publish", topic, alarm["AlarmName"])


def announce(alarm: Alarm, old: str) -> None:
    """The event 'CloudWatch Alarm State Change'."""
    state = {"value": alarm["StateValue"], "reason": alarm["StateReason"]}
    detail = {"alarmName": alarm["AlarmName"], "state": state, "previousState": {"value": old}}
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail),
        "Resources": [alarm["AlarmArn"]],
    }
    ministack.service("eventbridge")._put_events({"Entries": [entry]}, True)


def _message(alarm: Alarm, old: str, new: str, reason: str) -> dict[str, Any]:
    changed = datetime.fromtimestamp(alarm["StateUpdatedTimestamp"], UTC)
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": ACCOUNT,
        "NewStateValue": new,
        "NewStateReason": reason,
        "StateChangeTime": changed.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "Region": "US East (N. Virginia)",
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
        **{name: alarm.get(name) or [] for name in ("OKActions", "AlarmActions")},
        "InsufficientDataActions": alarm.get("InsufficientDataActions") or [],
        "Trigger": _trigger(alarm),
    }


def _trigger(alarm: Alarm) -> dict[str, Any]:
    common = {name: alarm[name] for name in _COMMON if alarm.get(name) is not None}
    common["TreatMissingData"] = alarm.get("TreatMissingData") or "missing"
    if alarm.get("Metrics"):
        return {**common, "Metrics": alarm["Metrics"]}
    extended = alarm.get("ExtendedStatistic")
    dimensions = [
        {"name": dimension["Name"], "value": dimension["Value"]}
        for dimension in alarm.get("Dimensions") or []
    ]
    statistic = (
        {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
        if extended
        else {"StatisticType": "Statistic", "Statistic": str(alarm.get("Statistic", "")).upper()}
    )
    return {
        **{name: alarm.get(name) for name in _OF_ONE_METRIC},
        **statistic,
        "Dimensions": dimensions,
        **common,
    }
