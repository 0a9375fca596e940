"""Schedules on the engine's clock: EventBridge Scheduler's, and rules with a schedule.

ministack keeps the resources and answers the API. Its own tickers, which look at real time, are
never started; `sync` compares what it keeps with the timers set here, after every change.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.schedule_expressions import Expression, ScheduleError

_log = logging.getLogger(__name__)

Key = tuple[str, str, str, str]  # kind, account, region, name
Deliver = Callable[[dict[str, Any], str, dict[str, str]], None]
"""(schedule, payload, its context attributes): calls the target in the background."""


class Timer(Protocol):
    """A timer that can be taken back."""

    def cancel(self) -> None: ...


class PassiveClock(Protocol):
    """The part of the engine's clock that schedules need."""

    def now(self) -> float: ...
    def passive(self, deadline: float, callback: Callable[[], None]) -> Timer: ...


@dataclass
class _Armed:
    """A schedule whose timer runs; `record` is what it was armed for."""

    record: str
    expression: Expression
    anchor: float
    until: float | None
    fire: Callable[[float], None]
    timer: Timer | None = None


@dataclass(frozen=True)
class _Wanted:
    """A stored resource that needs a timer, and how to arm it: (name, resource, record)."""

    arm: Callable[[str, dict[str, Any], str], _Armed]
    resource: dict[str, Any]

    @property
    def record(self) -> str:
        return json.dumps(self.resource, sort_keys=True, default=str)


@dataclass
class Schedules:
    """Timers of all enabled schedules. All methods run on the server's loop."""

    clock: PassiveClock
    deliver: Deliver
    _armed: dict[Key, _Armed] = field(default_factory=dict)

    def sync(self) -> None:
        """Sets, replaces and removes timers so that they agree with the stored schedules."""
        wanted = {**self._stored_schedules(), **self._stored_rules()}
        for key, armed in list(self._armed.items()):
            if key not in wanted or wanted[key].record != armed.record:
                self._disarm(key)
        for key, stored in wanted.items():
            if key not in self._armed:
                self._armed[key] = stored.arm(key[3], stored.resource, stored.record)
                self._arm_next(key, self.clock.now())

    def close(self) -> None:
        """Removes all timers."""
        for key in list(self._armed):
            self._disarm(key)

    def _disarm(self, key: Key) -> None:
        timer = self._armed.pop(key).timer
        if timer is not None:
            timer.cancel()

    def _arm_next(self, key: Key, after: float) -> None:
        armed = self._armed[key]
        # A start in the future is itself a possible time to fire.
        floor = max(after, armed.anchor - 1e-3)
        due = armed.expression.next_after(floor, armed.anchor)
        armed.timer = None
        if due is not None and (armed.until is None or due <= armed.until):
            armed.timer = self.clock.passive(due, lambda: self._fire(key, due))

    def _fire(self, key: Key, due: float) -> None:
        armed = self._armed[key]
        self._arm_next(key, due)
        try:
            with ministack.request_scope(key[1], key[2]):
                armed.fire(due)
        except Exception:
            _log.exception("schedule %s failed to fire", key[3])

    def _stored_schedules(self) -> dict[Key, _Wanted]:
        stored = ministack.service("scheduler")._schedules._data.items()
        return {
            ("schedule", *key): _Wanted(self._from_schedule, schedule)
            for key, schedule in stored
            if schedule["State"] == "ENABLED"
        }

    def _stored_rules(self) -> dict[Key, _Wanted]:
        stored = ministack.service("eventbridge")._rules._data.items()
        return {
            ("rule", *key): _Wanted(self._from_rule, rule)
            for key, rule in stored
            if rule["State"] == "ENABLED" and rule.get("ScheduleExpression")
        }

    def _from_schedule(self, name: str, schedule: dict[str, Any], record: str) -> _Armed:
        to_epoch = ministack.service("scheduler")._to_epoch
        return _Armed(
            record,
            schedule_expression(schedule),
            to_epoch(schedule.get("StartDate")) or self.clock.now(),
            to_epoch(schedule.get("EndDate")),
            lambda due: self._call_target(schedule, due),
        )

    def _from_rule(self, name: str, rule: dict[str, Any], record: str) -> _Armed:
        return _Armed(
            record,
            Expression(rule["ScheduleExpression"]),
            self.clock.now(),
            None,
            lambda due: _send_rule_event(name, rule, due),
        )

    def _call_target(self, schedule: dict[str, Any], due: float) -> None:
        target = schedule["Target"]
        payload = target.get("Input") or json.dumps(_scheduled_event(schedule, due))
        context = _context_attributes(schedule, due)
        for name, value in context.items():
            payload = payload.replace(f"<aws.scheduler.{name}>", value)
        self.deliver(schedule, payload, context)
        if schedule["ScheduleExpression"].startswith("at("):
            self._complete(schedule)

    def _complete(self, schedule: dict[str, Any]) -> None:
        if schedule.get("ActionAfterCompletion") == "DELETE":
            name, group = schedule["Name"], schedule["GroupName"]
            ministack.service("scheduler")._delete_schedule(name, {"groupName": group})
            self.sync()


def schedule_expression(schedule: dict[str, Any]) -> Expression:
    """The expression of a schedule or of a request that creates one. Raises ScheduleError."""
    zone = schedule.get("ScheduleExpressionTimezone") or "UTC"
    return Expression(schedule["ScheduleExpression"], zone, rates_start_at_once=True)


def _context_attributes(schedule: dict[str, Any], due: float) -> dict[str, str]:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""
    return {
        "scheduled-time": _iso(due),
        "schedule-arn": schedule["Arn"],
        "execution-id": uuid.uuid4().hex[:16],
        "attempt-number": "1",
    }


def _scheduled_event(schedule: dict[str, Any], due: float) -> dict[str, Any]:
    account, region = schedule["Arn"].split(":")[4], schedule["Arn"].split(":")[3]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": _iso(due),
        "region": region,
        "resources": [schedule["Arn"]],
        "detail": "{}",
    }


def _send_rule_event(key: str, rule: dict[str, Any], due: float) -> None:
    events = ministack.service("eventbridge")
    account, region = rule["Arn"].split(":")[4], rule["Arn"].split(":")[3]
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.events",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "EventBusName": "default",
        "Time": int(due),
        "Resources": [rule["Arn"]],
        "Account": account,
        "Region": region,
    }
    for target in events._targets.get(key, []):
        events._invoke_target(target, event, rule)


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["ScheduleError", "Schedules", "schedule_expression"]
