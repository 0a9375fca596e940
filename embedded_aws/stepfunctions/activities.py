"""Activities: queues of tasks that workers poll for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .clock import Waiter
from .store import Activity


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A task in a queue; `start` is told the worker's name when one takes it."""

    token: str
    input: Any
    start: Callable[[str | None], None]


def schedule(
    activity: Activity, token: str, input_: Any, start: Callable[[str | None], None]
) -> None:
    """Queues a task and wakes the worker that has waited longest."""
    activity.waiting[token] = Scheduled(token, input_, start)
    while activity.pollers:
        poller = activity.pollers.pop(0)
        if not poller.done:
            poller.wake()
            return


def take(activity: Activity, worker: str | None) -> Scheduled | None:
    """The oldest task of the queue, started for this worker."""
    if not activity.waiting:
        return None
    task: Scheduled = activity.waiting.popitem(last=False)[1]
    task.start(worker)
    return task


async def poll(activity: Activity, worker: str | None, waiter: Waiter) -> Scheduled | None:
    """As `take`, but waits for a task until `waiter` is woken (by a task or the poll's end)."""
    task = take(activity, worker)
    if task is None:
        activity.pollers.append(waiter)
        await waiter.wait()
        if waiter in activity.pollers:
            activity.pollers.remove(waiter)
        task = take(activity, worker)
    return task
