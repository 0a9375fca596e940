"""AWS/SQS: what queues hold, measured once a minute while they are in use."""

from __future__ import annotations

import math
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.soon import Soon
from embedded_aws.stepfunctions.clock import Clock, Timer

MINUTE = 60
ACTIVE_SECONDS = 6 * 3600  # AWS goes on for as long after the last message

_COUNTS = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}

Queue = dict[str, Any]
Key = tuple[str, str, str]  # account, region, URL


class QueueMetrics:
    """Methods run on the clock's loop; `touched` in any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._arm_soon = Soon(clock, self._arm)
        self._used: dict[Key, float] = {}
        self._timer: Timer | None = None

    def touched(self) -> None:
        """A queue may have a message."""
        if self._timer is None:
            self._arm_soon()

    def close(self) -> None:
        """Measures nothing any more."""
        self._used.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            return
        now = self._clock.now()
        for key, queue in _queues().items():
            if queue["messages"]:
                self._used[key] = now
        if self._used:
            due = float((math.floor(now / MINUTE) + 1) * MINUTE)
            self._timer = self._clock.passive(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now, queues = self._clock.now(), _queues()
        for key, used in list(self._used.items()):
            queue = queues.get(key)
            if queue is None or used < now - ACTIVE_SECONDS:
                del self._used[key]
        for key, queue in queues.items():
            if key in self._used or queue["messages"]:
                with ministack.request_scope(key[0], key[1]):
                    _measure(queue, now)
        self._arm()


def _queues() -> dict[Key, Queue]:
    found: dict[Key, Queue] = dict(ministack.service("sqs")._queues._data)
    return found


def _measure(queue: Queue, now: float) -> None:
    record = ministack.service("cloudwatch").record_metric
    ministack.service("sqs")._refresh_counts(queue)
    dimensions = {"QueueName": queue["name"]}
    for metric, attribute in _COUNTS.items():
        record("AWS/SQS", metric, float(queue["attributes"][attribute]), "Count", dimensions)
    sent = [m.get("enqueued_at", m.get("sent_at", now)) for m in queue["messages"]]
    age = max(0.0, now - min(sent, default=now))
    record("AWS/SQS", "ApproximateAgeOfOldestMessage", age, "Seconds", dimensions)
