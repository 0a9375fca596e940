"""Walks that run side by side: the branches of a Parallel, the iterations of an inline Map.

The first failure aborts the others (fail fast); their events come before the state goes on. The
crew keeps what it reached, so that a redriven execution goes on with the failed and aborted
children only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Protocol

from .clock import Clock, Waiter
from .history import HistoryFull
from .step import Child, Step

ABORTABLE = frozenset({"Task", "Wait", "Parallel", "Map"})  # types with a ...StateAborted event


class Hooks(Protocol):
    """What a state records about its children.

    `begin` opens the walk of one of them, `again` opens one that was saved.
    """

    step: Step
    last: int  # the event that ended the child that ended last

    def begin(self, index: int, prev: int) -> Child: ...

    def reached(self) -> dict[str, Any]: ...

    def again(self, index: int, saved: dict[str, Any]) -> Child: ...

    def input(self, index: int) -> Any: ...

    def succeeded(self, index: int, child: Child) -> None: ...

    def failed(self, index: int, child: Child) -> None: ...

    def aborted(self, index: int, child: Child) -> None: ...


class _Job:
    __slots__ = ("child", "error", "index", "output", "started", "task")

    def __init__(self, index: int, child: Child) -> None:
        self.index = index
        self.child = child
        self.output: Any = None
        self.error: BaseException | None = None
        self.started = False
        self.task: asyncio.Task[Any] | None = None


class Crew:
    """Runs `count` children, at most `limit` at once; `prev` is the event that starts them."""

    def __init__(self, clock: Clock, hooks: Hooks, count: int, limit: int, prev: int) -> None:
        self.hooks = hooks
        self._clock = clock
        self._limit = min(limit, count)
        self._free = deque([prev] * self._limit)  # causes of the next starts, one per slot
        self._todo = deque(range(count))
        self._walks: dict[int, Child] = {}  # begun, not succeeded
        self._active: dict[int, _Job] = {}
        self._ended: deque[_Job] = deque()
        self._waiter: Waiter | None = None
        self._outputs: list[Any] = [None] * count

    def resume(self, step: Step) -> None:
        """Makes the failed, aborted and never begun children ready to run again, for `step`."""
        self.hooks.step = step
        self._free = deque([step.walk.prev] * self._limit)
        self._todo = deque(sorted({*self._walks, *self._todo}))
        for child in self._walks.values():
            child.resume(step.walk.prev)

    def reached(self) -> dict[str, Any]:
        """What `from_reached` needs, for a redrive after a restart."""
        return {
            **self.hooks.reached(),
            "limit": self._limit,
            "outputs": list(self._outputs),
            "todo": list(self._todo),
            "children": {str(index): child.saved() for index, child in self._walks.items()},
        }

    @classmethod
    def from_reached(cls, hooks: Hooks, data: dict[str, Any]) -> Crew:
        """The crew that `reached` was called on; it has to `resume`."""
        clock = hooks.step.walk.services.clock
        crew = cls(clock, hooks, len(data["outputs"]), data["limit"], 0)
        crew._outputs = list(data["outputs"])
        crew._todo = deque(data["todo"])
        crew._walks = {
            int(index): hooks.again(int(index), saved) for index, saved in data["children"].items()
        }
        return crew

    async def run(self) -> list[Any]:
        """The outputs in order; raises the first error after the other children were aborted."""
        try:
            while self._start() or self._active:
                job = await self._one_ended()
                if job.error is not None:
                    self.hooks.failed(job.index, job.child)
                    await self._abort()
                    raise job.error
                self._outputs[job.index] = job.output
                del self._walks[job.index]
                self._free.append(job.child.prev)
                self.hooks.succeeded(job.index, job.child)
        except (asyncio.CancelledError, HistoryFull):
            await self._abort(quietly=True)
            raise
        return self._outputs

    def _start(self) -> bool:
        started = False
        while self._free and self._todo:
            index, prev = self._todo.popleft(), self._free.popleft()
            child = self._walks.get(index)
            if child is None:
                child = self._walks[index] = self.hooks.begin(index, prev)
            job = self._active[index] = _Job(index, child)
            job.task = self._clock.spawn(self._live(job, self.hooks.input(index)))
            started = True
        return started

    async def _live(self, job: _Job, value: Any) -> None:
        job.started = True
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
        for job in self._active.values():
            if job.task is not None:
                self._clock.cancel(job.task)
            if not job.started:  # cancelled before its first step: it will never report
                self._ended.append(job)
        while self._active:
            job = await self._one_ended()
            if not quietly:
                self.hooks.aborted(job.index, job.child)
