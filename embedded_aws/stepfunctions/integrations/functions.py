"""Lambda: `lambda:invoke` and the older form with the function's ARN as the resource."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import StatesError
from .base import Call
from .optimized import optimized_operation
from .sdk import http_metadata
from .shapes import as_text


class _Invocation:
    """One Invoke call; the function's own failure becomes a StatesError of its error type."""

    def __init__(self) -> None:
        self.operation = optimized_operation("lambda", "invoke")

    def run(self, arguments: Any, call: Call) -> dict[str, Any]:
        response = self.operation.call(_with_payload(arguments), call)
        response["Payload"] = _parsed(response.get("Payload", b""))
        if response.get("FunctionError"):
            raise _function_error(response["Payload"])
        return response


def _with_payload(arguments: Any) -> Any:
    """A payload of any JSON, strings included, goes out as JSON text."""
    if not isinstance(arguments, dict) or "Payload" not in arguments:
        return arguments
    payload = arguments["Payload"]
    text = json.dumps(payload, ensure_ascii=False) if isinstance(payload, str) else as_text(payload)
    return {**arguments, "Payload": text}


def _parsed(payload: bytes) -> Any:
    text = payload.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _function_error(payload: Any) -> StatesError:
    name = payload.get("errorType") if isinstance(payload, dict) else None
    return StatesError(str(name or "Lambda.Unknown"), as_text(payload))


@dataclass(frozen=True)
class LambdaInvoke:
    """`arn:aws:states:::lambda:invoke[.waitForTaskToken]`."""

    invocation: _Invocation
    pattern: str
    resource_type: str = "lambda"

    @property
    def resource(self) -> str:
        return "invoke.waitForTaskToken" if self.pattern == "token" else "invoke"

    def check(self, arguments: Any) -> list[str]:
        return self.invocation.operation.check(_with_payload(arguments))

    async def start(self, arguments: Any, call: Call) -> Any:
        response = await call.run_blocking(lambda: self.invocation.run(arguments, call))
        result = self.invocation.operation.result(response)
        return {**result, **http_metadata(response)}

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted


@dataclass(frozen=True)
class LambdaFunction:
    """A function's ARN as the resource: the arguments are its event, its answer the result."""

    invocation: _Invocation
    resource: str
    resource_type: str = "lambda"
    pattern: str = "request"

    def check(self, arguments: Any) -> list[str]:
        return []

    async def start(self, arguments: Any, call: Call) -> Any:
        request = {"FunctionName": self.resource, "Payload": arguments}
        response = await call.run_blocking(lambda: self.invocation.run(request, call))
        return response["Payload"]

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted


def lambda_invoke(pattern: str) -> LambdaInvoke:
    """`lambda:invoke`."""
    return LambdaInvoke(_Invocation(), pattern)


def lambda_function(arn: str) -> LambdaFunction:
    """The function with this ARN."""
    return LambdaFunction(_Invocation(), arn)
