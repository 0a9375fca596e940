"""Stand-ins for services and workers: they replay what the recording says that calls returned."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError, StatesError
from ..integrations.base import Call
from .replay import Recorded, Replay

Handle = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
FOREVER = 1e9  # seconds: longer than any timeout
PREFIX = "arn:aws:states:::"
PATTERNS = (("waitForTaskToken", "token"), ("sync", "sync"), ("sync:2", "sync"))


@dataclass(frozen=True)
class Names:
    """The words of a resource: enough for its events, whether the engine knows it or not."""

    resource_type: str
    resource: str
    pattern: str


def names_of(resource: str) -> Names:
    """The words of a service integration; raises ValueError for anything else."""
    service, _, action = resource.removeprefix(PREFIX).rpartition(":")
    if resource.endswith(".sync:2"):
        service, _, action = service.rpartition(":")
        action += ":2"
    if ":function:" in resource:
        return Names("lambda", resource, "request")
    if not resource.startswith(PREFIX) or not service or not action:
        raise ValueError(f"The resource '{resource}' is no service integration.")
    suffix = action.partition(".")[2]
    return Names(service, action, dict(PATTERNS).get(suffix, "request"))


def failure_of(recorded: Recorded) -> StatesError | None:
    """The recorded error of a call."""
    return None if recorded.error is None else StatesError(recorded.error, recorded.cause)


class StubIntegration:
    """An integration's names and pattern, a recording's results."""

    def __init__(
        self, resource: str, names: Names, states: set[str], replay: Replay, handle: Handle
    ) -> None:
        self.resource_type = names.resource_type
        self.resource = names.resource
        self.pattern = names.pattern
        self._arn = resource
        self._states = states
        self._replay = replay
        self._handle = handle
        self._background: set[asyncio.Task[Any]] = set()

    def check(self, arguments: Any) -> list[str]:
        return []

    async def start(self, arguments: Any, call: Call) -> Any:
        recorded = self._replay.take(self._states, self._arn, arguments)
        if self.pattern == "request" or self._ends_before_submission(recorded):
            await call.sleep(FOREVER if recorded.times_out else recorded.seconds)
            error = failure_of(recorded)
            if error is not None:
                raise error
            return recorded.result
        submitted = self._replay.submitted(self._states)
        if self.pattern == "token" and not recorded.times_out:
            self._later(self._answer(call, recorded))
        if isinstance(submitted, dict):
            submitted = _Submitted(submitted)
            submitted.recorded = recorded
        return submitted

    def _ends_before_submission(self, recorded: Recorded) -> bool:
        if recorded.event:
            return recorded.event == "TaskSubmitFailed"
        return not self._replay.submits and (recorded.error is not None or recorded.times_out)

    async def wait(self, submitted: Any, call: Call) -> Any:
        recorded: Recorded = submitted.recorded
        await call.sleep(FOREVER if recorded.times_out else recorded.seconds)
        error = failure_of(recorded)
        if error is not None:
            raise error
        return recorded.result

    def _later(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _answer(self, call: Call, recorded: Recorded) -> None:
        await answer(self._handle, call.task_token, recorded)


class _Submitted(dict[str, Any]):
    """What a call submitted, and how the recording says that it ends."""

    recorded: Recorded


async def answer(handle: Handle, token: str | None, recorded: Recorded) -> None:
    """Answers a task token as a recorded result says; a recorded timeout is not answered."""
    error = failure_of(recorded)
    try:
        if recorded.times_out or (error is not None and error.name == "States.Timeout"):
            return
        if error is None:
            output = json.dumps(recorded.result)
            await handle("SendTaskSuccess", {"taskToken": token, "output": output})
        else:
            request = {"taskToken": token, "error": error.name, "cause": error.cause}
            await handle("SendTaskFailure", {k: v for k, v in request.items() if v is not None})
    except ApiError:
        pass  # the execution ended before its token was answered


async def work(
    handle: Handle, activity_arn: str, name: str | None, replay: Replay, states: set[str]
) -> None:
    """A worker of an activity: takes tasks and answers them as recorded, until cancelled."""
    while True:
        request = {"activityArn": activity_arn} | ({} if name is None else {"workerName": name})
        task = await handle("GetActivityTask", request)
        if "taskToken" in task:
            recorded = replay.take(states, activity_arn, json.loads(task["input"]))
            await answer(handle, task["taskToken"], recorded)
