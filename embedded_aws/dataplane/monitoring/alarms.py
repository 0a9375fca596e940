"""Alarms on the engine's clock: looked at each minute while their data can still change them.

ministack keeps the alarms and answers the API. An alarm is at rest when its metrics have no data in
the periods it looks at and its state is the one that follows from that; a new value wakes it.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.monitoring import alarm_actions, alarm_requests, evaluation, series
from embedded_aws.dataplane.soon import Soon
from embedded_aws.stepfunctions.clock import Clock, Timer

MINUTE = 60

Key = tuple[str, str, str]  # account, region, name
Alarm = dict[str, Any]

_log = logging.getLogger(__name__)


class Alarms:
    """Evaluates all metric alarms. Methods run on the clock's loop, `touched` in any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._arm_soon = Soon(clock, self._arm)
        self._watched: dict[series.Metric, set[Key]] = {}
        self._awake: set[Key] = set()
        self._timer: Timer | None = None

    def attach(self) -> None:
        """Takes the place of ministack's evaluation, which knows no dimensions and no periods."""
        cloudwatch = ministack.service("cloudwatch")
        cloudwatch._evaluate_alarm = lambda alarm: None
        cloudwatch._dispatch_alarm_actions = alarm_actions.act
        alarm_requests.attach()

        def build(original: Any) -> Any:
            def bucket(key: tuple[str, str, str]) -> Any:
                self.touched((key[0], key[1]))
                return original(key)

            return bucket

        ministack.replace(cloudwatch, "_metric_bucket", build)

    def changed(self) -> None:
        """Alarms may have been made, changed, set or deleted: all are looked at soon."""
        self._watched = {}
        for key, alarm in _stored().items():
            for metric in series.metrics_of(alarm):
                self._watched.setdefault(metric, set()).add(key)
            self._awake.add(key)
        self._arm()

    def touched(self, metric: series.Metric) -> None:
        """A metric has a new value."""
        keys = self._watched.get(metric)
        if keys and not keys <= self._awake:
            self._awake |= keys
            self._arm_soon()

    def close(self) -> None:
        """Evaluates nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._awake.clear()

    def _arm(self) -> None:
        if self._timer is None and self._awake:
            step = min((_step(alarm) for alarm in _stored().values()), default=MINUTE)
            due = (math.floor(self._clock.now() / step) + 1) * step
            self._timer = self._clock.passive(float(due), lambda: self._tick(float(due)))

    def _tick(self, due: float) -> None:
        self._timer = None
        alarms = _stored()
        for key in sorted(self._awake):
            alarm = alarms.get(key)
            if alarm is None:
                self._awake.discard(key)
            elif due % _step(alarm) == 0:
                try:
                    with ministack.request_scope(key[0], key[1]):
                        self._evaluate(key, alarm, due)
                except Exception:
                    _log.exception("alarm %s cannot be evaluated", key[2])
                    self._awake.discard(key)
        self._arm()

    def _evaluate(self, key: Key, alarm: Alarm, due: float) -> None:
        values = series.values_of(alarm, evaluation.periods(alarm), due)
        verdict = evaluation.judged(alarm, values)
        if verdict.state != alarm["StateValue"]:
            _transition(alarm, verdict, due)
        stored = series.newest(alarm)
        oldest = due - evaluation.periods(alarm) * series.period_of(alarm)
        if stored is None or stored < oldest:
            self._awake.discard(key)


def _step(alarm: Alarm) -> int:
    """Seconds between two evaluations."""
    return min(MINUTE, series.period_of(alarm))


def _stored() -> dict[Key, Alarm]:
    found: dict[Key, Alarm] = dict(ministack.service("cloudwatch")._alarms._data)
    return found


def _transition(alarm: Alarm, verdict: evaluation.Verdict, at: float) -> None:
    cloudwatch = ministack.service("cloudwatch")
    old = alarm["StateValue"]
    alarm["StateValue"], alarm["StateReason"] = verdict.state, verdict.reason
    alarm["StateUpdatedTimestamp"] = alarm["StateTransitionedTimestamp"] = int(at)
    cloudwatch._record_history(alarm["AlarmName"], old, verdict.state, verdict.reason)
    alarm_actions.announce(alarm, old)
    cloudwatch._dispatch_alarm_actions(alarm, old, verdict.state, verdict.reason)
    cloudwatch._evaluate_parent_alarms(alarm)
