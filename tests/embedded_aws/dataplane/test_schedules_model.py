"""Any sequence of changes: each schedule fires at its times while it is enabled, and never else."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.schedules import Schedules

MINUTE = 60
PERIODS = [1, 2, 5, 15, 30]  # divisors of an hour: minutes that are a multiple of one


@dataclass
class FakeTimer:
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class FakeClock:
    """Fires timers in order while it is advanced."""

    time: float = 0.0
    timers: list[tuple[float, int, FakeTimer]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def now(self) -> float:
        return self.time

    def passive(self, deadline: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self.timers, (deadline, next(self._numbers), timer))
        return timer

    def advance(self, seconds: float) -> None:
        end = self.time + seconds
        while self.timers and self.timers[0][0] <= end:
            self.time, _, timer = heapq.heappop(self.timers)
            if not timer.cancelled:
                timer.callback()
        self.time = end


names = st.sampled_from(["a", "b"])
steps = st.one_of(
    st.tuples(st.just("put"), names, st.sampled_from(PERIODS), st.booleans()),
    st.tuples(st.just("delete"), names),
    st.tuples(st.just("advance"), st.integers(1, 2000)),
)


def put(name: str, period: int, enabled: bool, exists: bool) -> None:
    scheduler = ministack.service("scheduler")
    body = {
        "ScheduleExpression": f"cron(0/{period} * * * ? *)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": name, "RoleArn": "role", "Input": "{}"},
        "State": "ENABLED" if enabled else "DISABLED",
    }
    change = scheduler._update_schedule if exists else scheduler._create_schedule
    assert change(name, body)[0] == 200


@settings(deadline=None)
@given(st.lists(steps, max_size=25))
def test_schedules_agree_with_their_model(operations: list[tuple[object, ...]]) -> None:
    ministack.load()
    scheduler = ministack.service("scheduler")
    fired: list[tuple[str, float]] = []
    clock = FakeClock()
    schedules = Schedules(clock, lambda schedule, *_: fired.append((schedule["Name"], clock.time)))
    expected: list[tuple[str, float]] = []
    model: dict[str, tuple[int, bool]] = {}
    scheduler.reset()
    try:
        for operation in operations:
            match operation:
                case ("put", str(name), int(period), bool(enabled)):
                    put(name, period, enabled, name in model)
                    model[name] = (period, enabled)
                case ("delete", str(name)):
                    scheduler._delete_schedule(name, {})
                    model.pop(name, None)
                case ("advance", int(seconds)):
                    start, end = clock.time, clock.time + seconds
                    expected += [
                        (name, float(minute * MINUTE))
                        for name, (period, enabled) in model.items()
                        for minute in range(int(end) // MINUTE + 1)
                        if enabled and minute % period == 0 and start < minute * MINUTE <= end
                    ]
                    clock.advance(seconds)
            schedules.sync()
            assert sorted(fired) == sorted(expected)
    finally:
        scheduler.reset()
