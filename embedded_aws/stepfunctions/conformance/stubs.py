"""Stand-ins for services: they replay what the recording says that calls returned."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import ApiError, StatesError
from ..integrations.base import Call, Integration

Handle = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
FOREVER = 1e9  # seconds: longer than any timeout


class Replay:
    """The results of a case's calls in order of occurrence, asked for by state."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._left = list(case.get("task_results", []))
        self._cut_short = case["expected"]["status"] in ("TIMED_OUT", "ABORTED")
        self._behaviours = {one["behaviour"] for one in case.get("lambdas", [])}
        self._submitted = [
            event["taskSubmittedEventDetails"].get("output")
            for event in case["expected"].get("events") or []
            if event["type"] == "TaskSubmitted"
        ]
        self.submits = bool(self._submitted)

    def take(self, states: set[str], arguments: Any) -> dict[str, Any] | None:
        """The next result of one of these states; of several the one that echoes the payload.

        None for a call that the recording's execution did not live to see the end of.
        """
        mine = [result for result in self._left if result["state"] in states]
        if not mine and self._cut_short:
            return None
        if not mine:
            raise StatesError("Conformance.NoResult", f"no recorded result for {sorted(states)}")
        chosen: dict[str, Any] = mine[0]
        if "identity" in self._behaviours:
            chosen = next((one for one in mine if _echoes(one, arguments)), chosen)
        self._left.remove(chosen)
        return chosen

    def submitted(self) -> Any:
        output = self._submitted.pop(0) if self._submitted else {}
        return json.loads(output) if isinstance(output, str) else output


def _echoes(result: dict[str, Any], arguments: Any) -> bool:
    value = result.get("result")
    if isinstance(value, dict) and isinstance(arguments, dict) and "Payload" in value:
        return bool(value["Payload"] == arguments.get("Payload"))
    return bool(value == arguments)


def failure_of(result: dict[str, Any]) -> StatesError | None:
    """The recorded error of a call."""
    if "error" not in result:
        return None
    cause = result.get("cause")
    if cause is not None and not isinstance(cause, str):
        cause = json.dumps(cause, separators=(",", ":"))
    return StatesError(result["error"], cause)


class StubIntegration:
    """A real integration's names and pattern, a recording's results."""

    def __init__(self, real: Integration, states: set[str], replay: Replay, handle: Handle) -> None:
        self.resource_type = real.resource_type
        self.resource = real.resource
        self.pattern = real.pattern
        self._states = states
        self._replay = replay
        self._handle = handle
        self._pending: dict[str, Any] | None = None
        self._background: set[asyncio.Task[Any]] = set()

    def check(self, arguments: Any) -> list[str]:
        return []

    async def start(self, arguments: Any, call: Call) -> Any:
        result = self._replay.take(self._states, arguments)
        if result is None or str(result.get("event", "")).endswith("TimedOut"):
            return await self._never(call)
        error = failure_of(result)
        if self.pattern == "request" or (error is not None and not self._replay.submits):
            if error is not None:
                raise error
            return result.get("result")
        self._pending = result
        if self.pattern == "token":
            self._later(self._answer(call.task_token, result))
        return self._replay.submitted()

    async def _never(self, call: Call) -> Any:
        """A call that does not end in time; a job or a token was submitted before."""
        self._pending = None
        if self.pattern == "request" or not self._replay.submits:
            await call.sleep(FOREVER)
        return self._replay.submitted()

    async def wait(self, submitted: Any, call: Call) -> Any:
        if self._pending is None:
            await call.sleep(FOREVER)
            return None
        error = failure_of(self._pending)
        if error is not None:
            raise error
        return self._pending.get("result")

    def _later(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _answer(self, token: str | None, result: dict[str, Any]) -> None:
        await answer(self._handle, token, result)


async def answer(handle: Handle, token: str | None, result: dict[str, Any]) -> None:
    """Answers a task token as a recorded result says; a recorded timeout is not answered."""
    error = failure_of(result)
    try:
        if error is None:
            output = json.dumps(result.get("result"))
            await handle("SendTaskSuccess", {"taskToken": token, "output": output})
        elif error.name != "States.Timeout":
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
        if "taskToken" not in task:
            return
        result = replay.take(states, json.loads(task["input"]))
        if result is not None:
            await answer(handle, task["taskToken"], result)


class MemoryS3:
    """As much of a boto3 S3 client as readers and the ResultWriter use."""

    def __init__(self, objects: dict[str, dict[str, str | None]]) -> None:
        self.objects: dict[tuple[str, str], bytes] = {
            (bucket, key): (text or "").encode()
            for bucket, found in objects.items()
            for key, text in found.items()
        }

    def get_object(self, **request: Any) -> dict[str, Any]:
        body = self.objects[request["Bucket"], request["Key"]]
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def put_object(self, **request: Any) -> dict[str, Any]:
        body = request["Body"]
        body = body.encode() if isinstance(body, str) else bytes(body)
        self.objects[request["Bucket"], request["Key"]] = body
        return {}

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        prefix = request.get("Prefix", "")
        found = [
            {"Key": key, "Size": len(body), "StorageClass": "STANDARD"}
            for (bucket, key), body in sorted(self.objects.items())
            if bucket == request["Bucket"] and key.startswith(prefix)
        ]
        return {"Contents": found, "KeyCount": len(found), "IsTruncated": False}
