"""The only place that knows time: real, scaled, or virtual, by one formula.

    now = engine base + rate * (monotonic - monotonic base)        rate 0: virtual

A virtual clock stands still until every engine task is parked and no call is in flight, then it
jumps to the next timer. Parked is counted, never guessed from idle time: a task made by `spawn`
counts as busy from its first step to its end, except while it waits on a `Waiter` of this clock.
Whatever else it awaits (a thread, a call) leaves it busy. `hold` counts work outside the engine.

Timers of one instant fire by priority, then in the order of their registration. Passive timers
(schedules) fire when time passes them but never make a virtual clock jump.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

# Of two timers at one instant the one with the lower priority wins.
EXECUTION_TIMEOUT, TASK_TIMEOUT, OTHER = 0, 1, 2

_LONGEST_REAL_WAIT = 3600.0  # call_later drifts and overflows on very long delays: look again


class Timer:
    """A callback at an instant; `cancel` before it fires and it never will."""

    __slots__ = ("_clock", "callback", "deadline")

    def __init__(self, clock: Clock, deadline: float, callback: Callable[[], None]) -> None:
        self._clock = clock
        self.deadline = deadline
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        if self.callback is not None:
            self.callback = None  # drops what it refers to: cancelled timers stay queued a while
            self._clock._cancelled += 1

    def fire(self) -> None:
        callback, self.callback = self.callback, None
        if callback is not None:
            callback()


class Waiter:
    """One wait of one task: `wake` once, from the loop's thread; later wakes do nothing."""

    __slots__ = ("_clock", "_counted", "_future")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._future: asyncio.Future[Any] = clock.loop.create_future()
        self._counted = False

    @property
    def done(self) -> bool:
        return self._future.done()

    def wake(self, value: Any = None) -> None:
        """Ends the wait; the waiting task counts as busy from here, not from its next step."""
        if not self._future.done():
            self._resume()
            self._future.set_result(value)

    def _resume(self) -> None:
        if not self._counted:
            self._counted = True
            self._clock._add(1)

    async def wait(self) -> Any:
        """Parks the current task until `wake`; returns its value."""
        task = asyncio.current_task()
        engine_task = task in self._clock._tasks
        self._clock._parked[task] = self
        self._clock._add(-1 if engine_task else 0)
        try:
            return await self._future
        finally:
            del self._clock._parked[task]
            self._resume()
            if not engine_task:
                self._clock._add(-1)


_Queue = list[tuple[float, int, int, Timer]]


class Clock:
    """Time of the engine in epoch seconds; make one with `real`, `scaled` or `virtual`.

    It belongs to the event loop that first waits on it; `now` and `hold` work from any thread.
    """

    def __init__(self, start: float, rate: float) -> None:
        self._base = start
        self._mono = time.monotonic()
        self._rate = rate
        self._busy = 0
        self._lock = threading.Lock()
        self._active: _Queue = []
        self._passive: _Queue = []
        self._cancelled = 0
        self._numbers = itertools.count()
        self._goals: list[tuple[float, Waiter]] = []
        self._tasks: set[asyncio.Task[Any] | None] = set()
        self._parked: dict[asyncio.Task[Any] | None, Waiter] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._check_due = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_for = 0.0  # the time of this clock at which the alarm rings

    @classmethod
    def real(cls) -> Clock:
        """The computer's clock."""
        return cls(time.time(), 1.0)

    @classmethod
    def scaled(cls, rate: float) -> Clock:
        """Starts now and runs `rate` times as fast."""
        if rate <= 0:
            raise ValueError(f"rate must be above 0, not {rate}; Clock.virtual stands still")
        return cls(time.time(), rate)

    @classmethod
    def virtual(cls, start_epoch: float) -> Clock:
        """Stands at `start_epoch` and jumps from timer to timer when nothing else can happen."""
        return cls(start_epoch, 0.0)

    @property
    def is_virtual(self) -> bool:
        return self._rate == 0.0

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that this clock belongs to: the running one at first use.

        Once that is closed the next one takes over, without the tasks and timers of before.
        """
        if self._loop is not None and self._loop.is_closed():
            self._forget_loop()
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.get_ident()
        return self._loop

    def _forget_loop(self) -> None:
        self._loop = self._alarm = None
        self._busy = 0
        self._check_due = False
        for left in (self._active, self._passive, self._goals, self._tasks, self._parked):
            left.clear()

    def now(self) -> float:
        """Epoch seconds. Any thread."""
        return self._base + self._rate * (time.monotonic() - self._mono)

    # --- who is busy

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Starts an engine task: busy until it ends, except while parked on a Waiter."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        self._add(1)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._add(-1)

    def cancel(self, task: asyncio.Task[Any]) -> None:
        """Cancels an engine task; it counts as busy until its clean-up has run."""
        waiter = self._parked.get(task)
        if waiter is not None and not task.done():
            waiter._resume()
        task.cancel()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Marks a call in flight: a virtual clock does not jump meanwhile. Any thread."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Inside a call in flight that waits for the clock itself: it may go on. Any thread.

        Only where exactly one `hold` counts the call.
        """
        self._add(-1)
        try:
            yield
        finally:
            self._add(1)

    def _add(self, change: int) -> None:
        with self._lock:
            self._busy += change
            idle = self._busy == 0
        if idle and self.is_virtual:
            self._request_check()

    def _request_check(self) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        if threading.get_ident() == self._thread:
            self._schedule_check()
        else:
            self._loop.call_soon_threadsafe(self._schedule_check)

    def _schedule_check(self) -> None:
        # Not at once: what this step of the loop made ready runs before a jump is weighed.
        if not self._check_due:
            self._check_due = True
            self.loop.call_soon(self._check)

    def _check(self) -> None:
        self._check_due = False
        if self._busy == 0:
            self._jump()

    # --- timers

    def timer(self, deadline: float, callback: Callable[[], None], priority: int = OTHER) -> Timer:
        """Calls back on the loop when the time is `deadline`; a virtual clock jumps to it."""
        return self._register(self._active, deadline, callback, priority)

    def passive(self, deadline: float, callback: Callable[[], None]) -> Timer:
        """As `timer`, but a virtual clock does not jump for it: it fires when time passes it."""
        return self._register(self._passive, deadline, callback, OTHER)

    def _register(
        self, queue: _Queue, deadline: float, callback: Callable[[], None], priority: int
    ) -> Timer:
        timer = Timer(self, deadline, callback)
        heapq.heappush(queue, (deadline, priority, next(self._numbers), timer))
        if self._cancelled > 64 and self._cancelled * 2 > len(self._active) + len(self._passive):
            self._forget_cancelled()
        if not self.is_virtual:
            if self._alarm is None or deadline < self._alarm_for:
                self._set_alarm()
        elif self._busy == 0:
            self._request_check()
        return timer

    def _forget_cancelled(self) -> None:
        for queue in (self._active, self._passive):
            queue[:] = [entry for entry in queue if entry[3].callback is not None]
            heapq.heapify(queue)
        self._cancelled = 0

    async def sleep_until(self, deadline: float) -> None:
        """Parks the current task until the time is `deadline`."""
        if deadline <= self.now():
            await asyncio.sleep(0)
            return
        waiter = Waiter(self)
        timer = self.timer(deadline, waiter.wake)
        try:
            await waiter.wait()
        finally:
            timer.cancel()

    async def sleep(self, seconds: float) -> None:
        """Parks the current task for `seconds` of this clock."""
        await self.sleep_until(self.now() + seconds)

    async def advance_to(self, epoch: float) -> None:
        """Moves a virtual clock to `epoch` through every timer on the way, passive ones too.

        Returns when everything that those timers started has ended or waits for a later time.
        From a thread of its own: `asyncio.run_coroutine_threadsafe(clock.advance_to(t), loop)`.
        """
        if not self.is_virtual:
            raise ValueError("only a virtual clock can be advanced")
        waiter = Waiter(self)
        self._goals.append((epoch, waiter))
        await waiter.wait()

    @staticmethod
    def _first(queue: _Queue) -> float | None:
        while queue and queue[0][3].callback is None:
            heapq.heappop(queue)
        return queue[0][0] if queue else None

    def _due(self) -> list[Timer]:
        """Takes the timers out of both queues whose time has come, in firing order."""
        now = self.now()
        entries = []
        for queue in (self._active, self._passive):
            while queue and queue[0][0] <= now:
                entries.append(heapq.heappop(queue))
        return [timer for _, _, _, timer in sorted(entries, key=lambda entry: entry[:3])]

    def _fire_due(self) -> None:
        # By the loop, one after the other: a callback that raises is logged and stops no other.
        for timer in self._due():
            self.loop.call_soon(timer.fire)

    def _jump(self) -> None:
        """Nothing can happen at this instant any more: moves a virtual clock to the next one."""
        reached = [goal for goal in self._goals if goal[0] <= self._base]
        if reached:
            self._goals = [goal for goal in self._goals if goal[0] > self._base]
            for _, waiter in reached:
                waiter.wake()
            return
        reasons = [epoch for epoch, _ in self._goals]
        active, passive = self._first(self._active), self._first(self._passive)
        if active is not None:
            reasons.append(active)
        if not reasons:
            return
        instant = min(reasons)
        if passive is not None and passive < instant:
            instant = passive
        self._base = max(self._base, instant)
        self._fire_due()
        self._schedule_check()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        firsts = (self._first(self._active), self._first(self._passive))
        deadlines = [first for first in firsts if first is not None]
        if deadlines:
            self._alarm_for = min(deadlines)
            delay = (self._alarm_for - self.now()) / self._rate
            wait = min(max(delay, 0.0), _LONGEST_REAL_WAIT)
            self._alarm = self.loop.call_later(wait, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._fire_due()
        self._set_alarm()
