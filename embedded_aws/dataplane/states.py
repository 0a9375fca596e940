"""The Step Functions engine as the data plane's `states` service."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

from embedded_aws.dataplane.credentials import RoleClients, TrustError
from embedded_aws.stepfunctions.errors import ApiError

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]

UNTRUSTED = (
    "AccessDeniedException",
    "Neither the global service principal states.amazonaws.com, nor the regional one is "
    "authorized to assume the provided role.",
)


class Engine(Protocol):
    """What is mounted: operations by boto3's names, ApiError for refusals."""

    async def handle(self, operation: str, request: dict[str, Any]) -> dict[str, Any]: ...


def states_handler(engine: Callable[[], Engine], roles: RoleClients) -> Handler:
    """The `states` service: JSON 1.0, one operation per request; `engine` gives the current one."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            request = json.loads(body or b"{}")
        except ValueError as error:
            return _answer(400, {"__type": "SerializationException", "message": str(error)})
        try:
            if operation in ("CreateStateMachine", "UpdateStateMachine") and "roleArn" in request:
                roles.check(request["roleArn"])
            return _answer(200, await engine().handle(operation, request))
        except (ApiError, TrustError) as error:
            status = error.status if isinstance(error, ApiError) else 400
            return _answer(status, {"__type": error.code, "message": error.message})

    return handle


def _answer(status: int, content: dict[str, Any]) -> Response:
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    if status >= 400:
        headers["x-amzn-errortype"] = content["__type"]
    return status, headers, json.dumps(content, default=_timestamp).encode()


def _timestamp(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} in an answer of the engine")


async def count(engine: Engine) -> dict[str, Any]:
    """How many state machines there are, and how many executions in each status."""
    machines = await _every(engine, "ListStateMachines", "stateMachines", {})
    statuses: Counter[str] = Counter()
    for machine in machines:
        if machine["type"] == "STANDARD":  # AWS lists no executions of Express machines
            request = {"stateMachineArn": machine["stateMachineArn"]}
            executions = await _every(engine, "ListExecutions", "executions", request)
            statuses.update(execution["status"] for execution in executions)
    return {"machines": len(machines), "executions": dict(statuses)}


async def _every(
    engine: Engine, operation: str, field: str, request: dict[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = dict(request, maxResults=1000)
    while True:
        answer = await engine.handle(operation, page)
        found += answer[field]
        if not answer.get("nextToken"):
            return found
        page["nextToken"] = answer["nextToken"]
