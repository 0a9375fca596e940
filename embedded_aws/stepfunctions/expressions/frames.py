"""Where names are found while an expression runs, and what one evaluation carries along."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .failures import TIME, LimitExceeded
from .values import UNDEFINED

TIME_LIMIT = 1.0  # seconds of this thread; AWS's documented limit of one evaluation
STEPS_PER_LOOK = 2048  # the limit is looked at only so often: reading a clock is not free


@dataclass(slots=True)
class Run:
    """One evaluation: the instant that $now() and $millis() give, randomness, the time limit."""

    now: float
    random: Random
    depth: int = 0  # levels of the calls at work
    _steps: int = 0
    _deadline: float = field(default=0.0)

    def step(self) -> None:
        """Counts one function call or item; raises LimitExceeded when the time is up."""
        self._steps += 1
        if self._steps % STEPS_PER_LOOK == 0:
            used = time.thread_time()
            if not self._deadline:
                self._deadline = used + TIME_LIMIT
            elif used > self._deadline:
                raise LimitExceeded(TIME)


class Frame:
    """The names of one block, function call or binding; the rest is looked up outside."""

    __slots__ = ("names", "outer", "run")

    def __init__(
        self, run: Run, outer: Frame | None = None, names: Mapping[str, Any] | None = None
    ) -> None:
        self.run = run
        self.outer = outer
        self.names: Any = {} if names is None else names

    def inner(self, names: Mapping[str, Any] | None = None) -> Frame:
        """A frame inside this one."""
        return Frame(self.run, self, names)

    def bind(self, name: str, value: Any) -> None:
        """`$name := value` in this frame."""
        self.names[name] = value

    def lookup(self, name: str) -> Any:
        """The innermost value of a name, or UNDEFINED."""
        frame: Frame | None = self
        while frame is not None:
            value = frame.names.get(name, UNDEFINED)
            if value is not UNDEFINED or name in frame.names:
                return value
            frame = frame.outer
        return UNDEFINED


Node = Callable[[Any, Frame], Any]
"""A compiled expression: (context value, frame) -> value."""
