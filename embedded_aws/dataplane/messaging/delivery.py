"""An event on its way to one target: calls, retries on the engine's clock, dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from embedded_aws.dataplane.messaging import internal, queues
from embedded_aws.dataplane.messaging.internal import Caller, CallFailed

LONGEST_WAIT = 600.0  # seconds between two attempts; AWS adds jitter and publishes no numbers
MAX_ATTEMPTS = 185
MAX_AGE = 86_400

Request = dict[str, Any]


class Sleeper(Protocol):
    """The part of the engine's clock that deliveries need."""

    def now(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


def request_for(target: str, payload: str, group: str | None = None) -> Request:
    """The request to a target's service, as Scheduler's dead letters show it."""
    service = target.split(":")[2]
    if service == "sqs":
        grouped = {"MessageGroupId": group} if group else {}
        return {"QueueUrl": queues.url_of(target), "MessageBody": payload, **grouped}
    if service == "states":
        return {"stateMachineArn": target, "input": payload}
    if service == "lambda":
        return {"FunctionName": target, "InvocationType": "Event", "Payload": payload}
    return {"TopicArn": target, "Message": payload}


async def _start_execution(caller: Caller, target: str, request: Request) -> None:
    await internal.call(caller, "states", "StartExecution", target, request)


async def _send_message(caller: Caller, target: str, request: Request) -> None:
    await internal.call(caller, "sqs", "SendMessage", target, request)


async def _invoke(caller: Caller, target: str, request: Request) -> None:
    await internal.invoke(caller, target, request["Payload"], wait=False)


async def _publish(caller: Caller, target: str, request: Request) -> None:
    await internal.publish(caller, target, request["Message"])


_CALLS: dict[str, Callable[[Caller, str, Request], Awaitable[None]]] = {
    "states": _start_execution,
    "lambda": _invoke,
    "sqs": _send_message,
    "sns": _publish,
}
SUPPORTED = tuple(_CALLS)


@dataclass(frozen=True)
class DeadLetters:
    """Where lost events go, in whose name, and what identifies them.

    code  the ERROR_CODE of a failure
    """

    queue_arn: str
    caller: Caller
    body: str
    attributes: dict[str, str]
    code: Callable[[CallFailed], str]


@dataclass(frozen=True)
class Delivery:
    """One event for one target."""

    caller: Caller
    target: str
    request: Request
    policy: dict[str, Any] = field(default_factory=dict)
    dead: DeadLetters | None = None


class Lost(Exception):
    """A delivery that failed for good; the message says why, and whether it is kept."""


async def deliver(delivery: Delivery, clock: Sleeper) -> None:
    """Calls the target until it succeeds. Raises Lost once it failed for good.

    Only errors that may pass are repeated: throttling and faults of the called service.
    """
    policy = delivery.policy
    attempts = int(policy.get("MaximumRetryAttempts", MAX_ATTEMPTS))
    end = clock.now() + int(policy.get("MaximumEventAgeInSeconds", MAX_AGE))
    retries = 0
    while True:
        try:
            service = delivery.target.split(":")[2]
            await _CALLS[service](delivery.caller, delivery.target, delivery.request)
            return
        except CallFailed as error:
            wait = min(2.0**retries, LONGEST_WAIT)
            exhausted = _exhausted(error, retries >= attempts, clock.now() + wait > end)
            if exhausted is not None:
                await _give_up(delivery, error, {**exhausted, "RETRY_ATTEMPTS": str(retries)})
            await clock.sleep(wait)
            retries += 1


def _exhausted(error: CallFailed, tried: bool, old: bool) -> dict[str, str] | None:
    """Why there is no further attempt, as an attribute of dead letters; None if there is one."""
    if not error.passing:
        return {}
    if tried:
        return {"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts"}
    return {"EXHAUSTED_RETRY_CONDITION": "MaximumEventAgeInSeconds"} if old else None


async def _give_up(delivery: Delivery, error: CallFailed, tried: dict[str, str]) -> None:
    dead = delivery.dead
    if dead is None:
        raise Lost(str(error)) from error
    attributes = {
        **dead.attributes,
        "TARGET_ARN": delivery.target,
        "ERROR_CODE": dead.code(error),
        "ERROR_MESSAGE": error.message or error.code,
        **tried,
    }
    typed = {n: {"DataType": "String", "StringValue": v} for n, v in attributes.items() if v}
    request = {
        "QueueUrl": queues.url_of(dead.queue_arn),
        "MessageBody": dead.body,
        "MessageAttributes": typed,
    }
    try:
        await internal.call(dead.caller, "sqs", "SendMessage", dead.queue_arn, request)
    except CallFailed as refused:
        raise Lost(f"{error}; not kept in {dead.queue_arn} either: {refused}") from error
    raise Lost(f"{error}; kept in {dead.queue_arn}") from error


def rule_error_code(error: CallFailed) -> str:
    """The ERROR_CODE that EventBridge gives for rules."""
    if error.status == 403 or "AccessDenied" in error.code:
        return "NO_PERMISSIONS"
    if error.status == 404 or any(w in error.code for w in ("NotExist", "NotFound")):
        return "NO_RESOURCE"
    if error.status >= 500:
        return "UNKNOWN"
    return "THROTTLING" if error.passing else "SDK_CLIENT_ERROR"


def request_text(request: Request) -> str:
    """The body of Scheduler's dead letters."""
    return json.dumps(request, ensure_ascii=False)
