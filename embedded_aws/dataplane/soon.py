"""Work for the server's loop that any thread may ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from embedded_aws.stepfunctions.clock import Clock


class Soon:
    """A callback that runs on the loop once, however often it is asked for meanwhile.

    A virtual clock waits for it, so what it finds is as it was when it was asked for.
    """

    def __init__(self, clock: Clock, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._loop = clock.loop
        self._callback = callback
        self._due = False
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            if self._due or self._loop.is_closed():
                return
            self._due = True
        held = self._clock.hold()
        held.__enter__()
        self._loop.call_soon_threadsafe(self._run, held)

    def _run(self, held: AbstractContextManager[None]) -> None:
        self._due = False
        try:
            self._callback()
        finally:
            held.__exit__(None, None, None)
