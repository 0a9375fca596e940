"""What this platform's predecessor did about limits, simulated: one lock per posting.

A posting takes a lock, holds it over its three passes and gives it back. Who finds no lock free
tries 20 times more, 1 s x 1.2 with full jitter, then fails; nothing sends it again.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass

RETRIES, FIRST_DELAY, BACKOFF = 20, 1.0, 1.2
PASSES = 3
WORST_CALL = 180.0  # seconds; what the predecessor's own estimate is made with


@dataclass(frozen=True)
class Simulated:
    """How a run ended; times in seconds, `busy` the share of the locks in use, 0 to 1.

    seconds  from the first lock taken to the last one given back
    busy     until fewer postings than locks are left
    """

    completed: int
    failed: int
    seconds: float
    busy: float

    @property
    def per_hour(self) -> float:
        return self.completed * 3600 / self.seconds


def simulate(arrivals: Sequence[float], limit: int, call: tuple[float, float]) -> Simulated:
    """Postings that arrive at these times, with calls that take between `call` seconds."""
    chance = random.Random(limit)
    events = [(at, number, 0) for number, at in enumerate(arrivals)]  # time, posting, tries so far
    heapq.heapify(events)
    held: list[tuple[float, float]] = []  # from, until
    free_at: list[float] = []  # when the locks that are taken come back
    gone: list[float] = []  # when postings ended, either way
    while events:
        at, number, tries = heapq.heappop(events)
        while free_at and free_at[0] <= at:
            heapq.heappop(free_at)
        if len(free_at) < limit:
            end = at + sum(chance.uniform(*call) for _ in range(PASSES))
            heapq.heappush(free_at, end)
            held.append((at, end))
            gone.append(end)
        elif tries < RETRIES:
            delay = chance.uniform(0, FIRST_DELAY * BACKOFF**tries)
            heapq.heappush(events, (at + delay, number, tries + 1))
        else:
            gone.append(at)
    first, until = held[0][0], sorted(gone)[-limit]
    used = sum(max(0.0, min(end, until) - start) for start, end in held)
    return Simulated(
        completed=len(held),
        failed=len(arrivals) - len(held),
        seconds=max(end for _, end in held) - first,
        busy=used / (limit * (until - first)),
    )


def at_once(postings: int) -> list[float]:
    """Discovery sends all of them, and each starts its execution."""
    return [0.0] * postings


def paced(postings: int, limit: int, call: tuple[float, float]) -> list[float]:
    """As evenly as the locks could serve them: the best that a sender could do for the scheme."""
    return [number * PASSES * sum(call) / 2 / limit for number in range(postings)]


def own_estimate(limit: int) -> float:
    """Postings per hour that the predecessor promised: every call at its time limit."""
    return limit * 3600 / (PASSES * WORST_CALL)
