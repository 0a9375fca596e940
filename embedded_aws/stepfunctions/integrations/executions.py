"""`states:startExecution`: request, `.sync`, `.sync:2` and callback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import StatesError
from .base import Call
from .optimized import optimized_operation, with_texts
from .polling import poll
from .sdk import Operation, http_metadata
from .shapes import as_text

RUNNING = ("RUNNING", "PENDING_REDRIVE")


@dataclass(frozen=True)
class StartExecution:
    """Starts a state machine; `.sync` gives its end with Output as text, `.sync:2` parsed."""

    start_operation: Operation
    describe_operation: Operation
    stop_operation: Operation
    resource: str
    pattern: str
    resource_type: str = "states"

    def check(self, arguments: Any) -> list[str]:
        return self.start_operation.check(with_texts(arguments, ("Input",)))

    async def start(self, arguments: Any, call: Call) -> Any:
        prepared = _with_input(arguments)
        response = await call.run_blocking(lambda: self.start_operation.call(prepared, call))
        return {**self.start_operation.result(response), **http_metadata(response)}

    async def wait(self, submitted: Any, call: Call) -> Any:
        arn = submitted["ExecutionArn"]
        if call.ended is not None:
            await call.ended(arn)

        def describe() -> dict[str, Any] | None:
            response = self.describe_operation.call({"ExecutionArn": arn}, call)
            execution = self.describe_operation.result(response)
            return None if execution["Status"] in RUNNING else execution

        execution = await poll(describe, call)
        if execution["Status"] != "SUCCEEDED":
            cause = json.dumps(execution, sort_keys=True, separators=(",", ":"))
            raise StatesError("States.TaskFailed", cause)
        if self.resource.endswith(":2"):
            for name in ("Input", "Output"):
                if name in execution:
                    execution[name] = json.loads(execution[name])
        return execution

    async def stop(self, submitted: Any, call: Call) -> None:
        request = {"ExecutionArn": submitted["ExecutionArn"]}
        await call.run_blocking(lambda: self.stop_operation.call(request, call))


def _with_input(arguments: Any) -> Any:
    """A string is the text of the input; any other JSON is written as that text."""
    if not isinstance(arguments, dict) or "Input" not in arguments:
        return arguments
    return {**arguments, "Input": as_text(arguments["Input"])}


def start_execution(suffix: str, pattern: str) -> StartExecution:
    """`states:startExecution` with `.sync`, `.sync:2`, `.waitForTaskToken` or nothing."""
    return StartExecution(
        optimized_operation("stepfunctions", "startExecution"),
        optimized_operation("stepfunctions", "describeExecution"),
        optimized_operation("stepfunctions", "stopExecution"),
        f"startExecution{suffix}",
        pattern,
    )
