"""Waiting on the engine's clock for something that only its service knows to be finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .base import Call

FIRST_WAIT = 0.2  # seconds of the engine's clock
LONGEST_WAIT = 5.0
GROWTH = 1.5


async def poll(look: Callable[[], Any], call: Call) -> Any:
    """The first result of a blocking look that is not None."""
    wait = FIRST_WAIT
    while True:
        found = await call.run_blocking(look)
        if found is not None:
            return found
        await call.sleep(wait)
        wait = min(wait * GROWTH, LONGEST_WAIT)
