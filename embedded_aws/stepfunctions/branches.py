"""Walks that run side by side: the branches of a Parallel, the iterations of an inline Map.

The first failure aborts the others (fail fast); their events come before the state goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Protocol

from .clock import Clock, Waiter
from .history import HistoryFull
from .step import Child

ABORTABLE = frozenset({"Task", "Wait", "Parallel", "Map"})  # types with a ...StateAborted event


class Hooks(Protocol):
    """What a state records about its children; `begin` opens the walk of one of them."""

    def begin(self, index: int, prev: int) -> tuple[Child, Any]: ...

    def succeeded(self, index: int, child: Child) -> None: ...

    def failed(self, index: int, child: Child) -> None: ...

    def aborted(self, index: int, child: Child) -> None: ...


class _Job:
    __slots__ = ("child", "error", "index", "output", "task")

    def __init__(self, index: int, child: Child) -> None:
        self.index = index
        self.child = child
        self.output: Any = None
        self.error: BaseException | None = None
        self.task: asyncio.Task[Any] | None = None


class Crew:
    """Runs `count` children, at most `limit` at once; `prev` is the event that starts them."""

    def __init__(self, clock: Clock, hooks: Hooks, count: int, limit: int, prev: int) -> None:
        self._clock = clock
        self._hooks = hooks
        self._count = count
        self._limit = limit
        self._free = deque([prev] * min(limit, count))  # causes of the next starts, one per slot
        self._next = 0
        self._active: dict[int, _Job] = {}
        self._ended: deque[_Job] = deque()
        self._waiter: Waiter | None = None
        self._outputs: list[Any] = [None] * count

    async def run(self) -> list[Any]:
        """The outputs in order; raises the first error after the other children were aborted."""
        try:
            while self._start() or self._active:
                job = await self._one_ended()
                if job.error is not None:
                    self._hooks.failed(job.index, job.child)
                    await self._abort()
                    raise job.error
                self._outputs[job.index] = job.output
                self._free.append(job.child.prev)
                self._hooks.succeeded(job.index, job.child)
        except (asyncio.CancelledError, HistoryFull):
            await self._abort(quietly=True)
            raise
        return self._outputs

    def _start(self) -> bool:
        started = False
        while self._free and self._next < self._count:
            child, value = self._hooks.begin(self._next, self._free.popleft())
            job = _Job(self._next, child)
            self._active[job.index] = job
            job.task = self._clock.spawn(self._live(job, value))
            self._next += 1
            started = True
        return started

    async def _live(self, job: _Job, value: Any) -> None:
        try:
            job.output = await job.child.go(value)
        except (Exception, asyncio.CancelledError) as error:
            job.error = error
        self._ended.append(job)
        if self._waiter is not None:
            self._waiter.wake()

    async def _one_ended(self) -> _Job:
        if not self._ended:
            self._waiter = Waiter(self._clock)
            await self._waiter.wait()
            self._waiter = None
        job = self._ended.popleft()
        del self._active[job.index]
        return job

    async def _abort(self, quietly: bool = False) -> None:
        """Stops the children that still run and waits for their last events."""
        self._next = self._count
        for job in self._active.values():
            if job.task is not None:
                self._clock.cancel(job.task)
        while self._active:
            job = await self._one_ended()
            if not quietly:
                self._hooks.aborted(job.index, job.child)
