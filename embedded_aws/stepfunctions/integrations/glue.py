"""`glue:startJobRun[.sync]`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import StatesError
from .base import Call
from .optimized import optimized_operation
from .polling import poll
from .sdk import Operation, http_metadata

FINISHED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")


@dataclass(frozen=True)
class StartJobRun:
    """Starts a Glue job; `.sync` gives its finished run or fails with it as the cause."""

    start_operation: Operation
    get_operation: Operation
    stop_operation: Operation
    resource: str
    pattern: str
    resource_type: str = "glue"

    def check(self, arguments: Any) -> list[str]:
        return self.start_operation.check(arguments)

    async def start(self, arguments: Any, call: Call) -> Any:
        response = await call.run_blocking(lambda: self.start_operation.call(arguments, call))
        result = {**self.start_operation.result(response), **http_metadata(response)}
        if self.pattern == "sync":
            result["JobName"] = arguments["JobName"]
        return result

    async def wait(self, submitted: Any, call: Call) -> Any:
        wanted = {"JobName": submitted["JobName"], "RunId": submitted["JobRunId"]}

        def look() -> dict[str, Any] | None:
            run: dict[str, Any] = self.get_operation.result(self.get_operation.call(wanted, call))
            job = run["JobRun"]
            return job if job["JobRunState"] in FINISHED else None

        job = await poll(look, call)
        if job["JobRunState"] != "SUCCEEDED":
            cause = json.dumps(job, sort_keys=True, separators=(",", ":"))
            raise StatesError("States.TaskFailed", cause)
        return job

    async def stop(self, submitted: Any, call: Call) -> None:
        request = {"JobName": submitted["JobName"], "JobRunIds": [submitted["JobRunId"]]}
        await call.run_blocking(lambda: self.stop_operation.call(request, call))


def start_job_run(suffix: str, pattern: str) -> StartJobRun:
    """`glue:startJobRun` with `.sync` or nothing."""
    return StartJobRun(
        optimized_operation("glue", "startJobRun"),
        optimized_operation("glue", "getJobRun"),
        optimized_operation("glue", "batchStopJobRun"),
        f"startJobRun{suffix}",
        pattern,
    )
