"""Which retrier or catcher an error meets: pure rules, no state, no time."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .definition import Catcher, Retrier
from .errors import StatesError

ALL, TASK_FAILED, TIMEOUT = "States.ALL", "States.TaskFailed", "States.Timeout"
RUNTIME = "States.Runtime"


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


class Retries:
    """The retriers of one visit: each counts the errors that it matched, in this visit."""

    def __init__(self, retriers: Sequence[Retrier], source: random.Random) -> None:
        self._retriers = retriers
        self._used = [0] * len(retriers)
        self._random = source

    def delay(self, error: StatesError) -> float | None:
        """Seconds to wait before the next attempt, None for no retry.

        Only the first retrier that matches counts: once it is spent, later ones are not tried.
        The delay is interval * backoff^n, at most MaxDelaySeconds; with jitter a random part of it.
        """
        for number, retrier in enumerate(self._retriers):
            if not matches(error, retrier.errors):
                continue
            used = self._used[number]
            if used >= retrier.max_attempts:
                return None
            self._used[number] += 1
            longest = float(retrier.max_delay if retrier.max_delay is not None else 31_622_400)
            try:
                delay = min(retrier.interval * retrier.backoff**used, longest)
            except OverflowError:
                delay = longest
            return self._random.uniform(0.0, delay) if retrier.full_jitter else delay
        return None


def catcher_of(catchers: Sequence[Catcher], error: StatesError) -> tuple[int, Catcher] | None:
    """The first catcher that names the error, with its position."""
    for number, catcher in enumerate(catchers):
        if matches(error, catcher.errors):
            return number, catcher
    return None
