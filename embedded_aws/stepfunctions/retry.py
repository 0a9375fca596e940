"""Which retrier or catcher an error meets: pure rules, no state, no time."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .definition import Catcher, Retrier
from .errors import StatesError

ALL, TASK_FAILED, TIMEOUT = "States.ALL", "States.TaskFailed", "States.Timeout"
RUNTIME = "States.Runtime"
LONGEST_DELAY = 31_622_400  # seconds: what MaxDelaySeconds may be at most


def matches(error: StatesError, patterns: Sequence[str]) -> bool:
    """Whether `ErrorEquals` names the error; States.Runtime is never retried nor caught."""
    if error.name == RUNTIME:
        return False
    for pattern in patterns:
        if pattern == error.name:
            return True
        if pattern == ALL and error.wildcard:
            return True
        if pattern == TASK_FAILED and error.wildcard and error.name != TIMEOUT:
            return True
    return False


def retrier_of(retriers: Sequence[Retrier], error: StatesError) -> tuple[int, Retrier] | None:
    """The first retrier that names the error, with its position; later ones never count."""
    for number, retrier in enumerate(retriers):
        if matches(error, retrier.errors):
            return number, retrier
    return None


def wait_before(retrier: Retrier, used: int) -> float | None:
    """Seconds before the next attempt after `used` retries, None where no more is left.

    The delay is interval * backoff^n, at most MaxDelaySeconds, before any jitter.
    """
    if used >= retrier.max_attempts:
        return None
    longest = float(retrier.max_delay if retrier.max_delay is not None else LONGEST_DELAY)
    try:
        return min(retrier.interval * retrier.backoff**used, longest)
    except OverflowError:
        return longest


class Retries:
    """The retriers of one visit: each counts the errors that it matched, in this visit."""

    def __init__(self, retriers: Sequence[Retrier], source: random.Random) -> None:
        self._retriers = retriers
        self._used = [0] * len(retriers)
        self._random = source

    def delay(self, error: StatesError) -> float | None:
        """Seconds to wait before the next attempt, None for no retry; jitter is a part of them."""
        found = retrier_of(self._retriers, error)
        if found is None:
            return None
        number, retrier = found
        delay = wait_before(retrier, self._used[number])
        self._used[number] += 1
        if delay is not None and retrier.full_jitter:
            return self._random.uniform(0.0, delay)
        return delay


def catcher_of(catchers: Sequence[Catcher], error: StatesError) -> tuple[int, Catcher] | None:
    """The first catcher that names the error, with its position."""
    for number, catcher in enumerate(catchers):
        if matches(error, catcher.errors):
            return number, catcher
    return None
