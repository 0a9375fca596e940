from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded_aws.stepfunctions.clock import (
    EXECUTION_TIMEOUT,
    OTHER,
    TASK_TIMEOUT,
    Clock,
    Waiter,
)


def on_loop(main: Callable[[], Awaitable[Any]]) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(main(), 10)

    return asyncio.run(bounded())


deadlines = st.integers(min_value=0, max_value=20)
priorities = st.sampled_from([EXECUTION_TIMEOUT, TASK_TIMEOUT, OTHER])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(deadlines, priorities, st.booleans(), st.booleans()), max_size=30))
def test_virtual_timers_fire_as_a_sorted_list_says(
    entries: list[tuple[int, int, bool, bool]],
) -> None:
    """Each entry: deadline, priority, passive, cancelled before it fires."""
    fired: list[tuple[int, float]] = []

    async def main() -> None:
        clock = Clock.virtual(0.0)
        assert clock.loop is asyncio.get_running_loop()
        for number, (deadline, priority, passive, cancelled) in enumerate(entries):

            def note(number: int = number) -> None:
                fired.append((number, clock.now()))

            if passive:
                timer = clock.passive(float(deadline), note)
            else:
                timer = clock.timer(float(deadline), note, priority)
            if cancelled:
                timer.cancel()
        await clock.advance_to(25.0)
        assert clock.now() == 25.0

    on_loop(main)
    expected = sorted(
        (
            (deadline, OTHER if passive else priority, number)
            for number, (deadline, priority, passive, cancelled) in enumerate(entries)
            if not cancelled
        )
    )
    assert fired == [(number, float(deadline)) for deadline, _, number in expected]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(min_value=0, max_value=50), max_size=6), max_size=8))
def test_sleeping_tasks_wake_at_their_own_times(naps: list[list[int]]) -> None:
    async def main() -> None:
        clock = Clock.virtual(100.0)
        woke: list[tuple[int, float]] = []

        async def sleeper(number: int, seconds: list[int]) -> None:
            expected = 100.0
            for nap in seconds:
                await clock.sleep(nap)
                expected += nap
                assert clock.now() == expected
                woke.append((number, expected))

        tasks = [clock.spawn(sleeper(n, list(seconds))) for n, seconds in enumerate(naps)]
        await asyncio.gather(*tasks)
        assert [at for _, at in woke] == sorted(at for _, at in woke)
        assert clock._busy == 0

    on_loop(main)


def test_a_call_in_flight_holds_the_clock() -> None:
    async def main() -> list[str]:
        clock = Clock.virtual(0.0)
        order = []

        async def sleeper() -> None:
            await clock.sleep(5)
            order.append("slept")

        async def caller() -> None:
            with clock.hold():
                await asyncio.sleep(0.05)  # real time: a call to somewhere else
                assert clock.now() == 0.0
                order.append("called")

        await asyncio.gather(clock.spawn(sleeper()), caller())
        assert clock.now() == 5.0
        return order

    assert on_loop(main) == ["called", "slept"]


def test_a_hold_of_another_thread_counts() -> None:
    async def main() -> float:
        clock = Clock.virtual(0.0)
        seen = []
        entered = threading.Event()

        def work() -> None:
            with clock.hold():
                entered.set()
                time.sleep(0.05)
                seen.append(clock.now())

        async def sleeper() -> None:
            await asyncio.to_thread(entered.wait)
            await clock.sleep(9)

        thread = threading.Thread(target=work)
        thread.start()
        await clock.spawn(sleeper())
        thread.join()
        assert seen == [0.0]
        return clock.now()

    assert on_loop(main) == 9.0


def test_passive_timers_do_not_make_a_jump_but_fire_on_the_way() -> None:
    async def main() -> list[tuple[str, float]]:
        clock = Clock.virtual(0.0)
        seen: list[tuple[str, float]] = []
        clock.passive(10.0, lambda: seen.append(("schedule", clock.now())))
        await asyncio.sleep(0.02)
        assert seen == []
        assert clock.now() == 0.0
        await clock.spawn(clock.sleep(30))
        seen.append(("slept", clock.now()))
        return seen

    assert on_loop(main) == [("schedule", 10.0), ("slept", 30.0)]


def test_what_a_passive_timer_starts_runs_before_time_goes_on() -> None:
    async def main() -> list[float]:
        clock = Clock.virtual(0.0)
        seen: list[float] = []

        async def started() -> None:
            await clock.sleep(2)
            seen.append(clock.now())

        clock.passive(10.0, lambda: seen.append(float(bool(clock.spawn(started())))))
        await clock.advance_to(100.0)
        seen.append(clock.now())
        return seen

    assert on_loop(main) == [1.0, 12.0, 100.0]


def test_a_cancelled_sleeper_leaves_no_timer_behind() -> None:
    async def main() -> float:
        clock = Clock.virtual(0.0)
        long = clock.spawn(clock.sleep(1000))

        async def canceller() -> None:
            await clock.sleep(1)
            clock.cancel(long)
            await clock.sleep(1)

        await clock.spawn(canceller())
        await asyncio.gather(long, return_exceptions=True)
        return clock.now()

    assert on_loop(main) == 2.0


def test_only_the_first_wake_counts() -> None:
    async def main() -> tuple[Any, int]:
        clock = Clock.virtual(0.0)
        waiter = Waiter(clock)
        task = clock.spawn(waiter.wait())
        await asyncio.sleep(0)
        waiter.wake("first")
        waiter.wake("second")
        value = await task
        await asyncio.sleep(0)
        return value, clock._busy

    assert on_loop(main) == ("first", 0)


def test_many_cancelled_timers_are_forgotten() -> None:
    async def main() -> int:
        clock = Clock.virtual(0.0)
        assert clock.loop
        for _ in range(5000):
            clock.timer(1e9, lambda: None).cancel()
        return len(clock._active)

    assert on_loop(main) < 200


def test_a_scaled_clock_runs_faster() -> None:
    async def main() -> float:
        clock = Clock.scaled(1000.0)
        before = time.monotonic()
        await clock.spawn(clock.sleep(50))
        return time.monotonic() - before

    assert 0.04 < on_loop(main) < 1.0


def test_a_real_clock_fires_passive_timers_too() -> None:
    async def main() -> None:
        clock = Clock.real()
        fired = asyncio.Event()
        clock.passive(clock.now() + 0.02, fired.set)
        await asyncio.wait_for(fired.wait(), 5)
        assert abs(clock.now() - time.time()) < 1.0

    on_loop(main)


def test_a_callback_that_raises_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> list[float]:
        clock = Clock.virtual(0.0)
        assert clock.loop
        seen: list[float] = []
        clock.passive(1.0, lambda: seen.append(1 / 0))
        clock.passive(1.0, lambda: seen.append(clock.now()))
        clock.passive(2.0, lambda: seen.append(clock.now()))
        await clock.advance_to(3.0)
        return seen

    assert on_loop(main) == [1.0, 2.0]
    assert "ZeroDivisionError" in caplog.text


def test_a_clock_outlives_its_loop() -> None:
    clock = Clock.virtual(0.0)

    async def leave() -> None:
        clock.passive(5.0, lambda: None)
        clock.spawn(asyncio.sleep(1000))

    async def again() -> float:
        await clock.spawn(clock.sleep(10))
        return clock.now()

    on_loop(leave)
    assert on_loop(again) == 10.0


def test_a_real_clock_fires_in_order_of_the_deadlines() -> None:
    async def main() -> list[int]:
        clock = Clock.scaled(100.0)
        assert clock.loop
        seen: list[int] = []
        done = asyncio.Event()
        start = clock.now()
        for number in (3, 1, 2):
            clock.timer(start + number, functools.partial(seen.append, number))
        clock.timer(start + 4, done.set)
        await done.wait()
        return seen

    assert on_loop(main) == [1, 2, 3]


def test_what_a_clock_refuses() -> None:
    with pytest.raises(ValueError, match="rate must be above 0, not 0"):
        Clock.scaled(0)

    async def main() -> None:
        with pytest.raises(ValueError, match="only a virtual clock can be advanced"):
            await Clock.real().advance_to(0.0)

    on_loop(main)
