"""Refusals that AWS makes when a service is given a role or target it cannot use.

Each guard looks at a request before ministack's handler does, and answers it or lets it pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from embedded_aws.dataplane.credentials import trusts
from embedded_aws.dataplane.schedule_expressions import ScheduleError
from embedded_aws.dataplane.schedules import schedule_expression
from embedded_aws.dataplane.states import Handler, Response
from embedded_aws.dataplane.targets import SUPPORTED, target_service

Guard = Callable[[str, str, dict[str, str], dict[str, Any]], tuple[str, str] | None]
"""(method, path, headers, JSON body) -> code and message of a refusal, or None."""

_FUNCTION = re.compile(r"/\d{4}-\d\d-\d\d/functions(/[^/]+/configuration)?/?")
_SCHEDULE = re.compile(r"/schedules/[^/]+")


def guarded(handler: Handler, guard: Guard) -> Handler:
    """The handler behind its guard."""

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        refusal = None
        if method in ("POST", "PUT"):
            refusal = guard(method, path, headers, _parsed(body))
        if refusal is None:
            return await handler(method, path, headers, body, query)
        code, message = refusal
        answer = json.dumps({"__type": code, "message": message, "Message": message}).encode()
        return 400, {"Content-Type": "application/json", "x-amzn-errortype": code}, answer

    return handle


def function_role(
    method: str, path: str, headers: dict[str, str], body: dict[str, Any]
) -> tuple[str, str] | None:
    """Lambda: CreateFunction and UpdateFunctionConfiguration need a role that Lambda may assume."""
    role = body.get("Role")
    if role is None or not _FUNCTION.fullmatch(path) or trusts(role, "lambda.amazonaws.com"):
        return None
    return (
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )


def schedule_target(
    method: str, path: str, headers: dict[str, str], body: dict[str, Any]
) -> tuple[str, str] | None:
    """Scheduler: the role must trust it, the expression must parse, the target be supported."""
    target = body.get("Target")
    if not _SCHEDULE.fullmatch(path) or not isinstance(target, dict):
        return None
    try:
        schedule_expression(body)
    except (ScheduleError, KeyError) as error:
        return "ValidationException", str(error)
    if target_service(target.get("Arn", "")) not in SUPPORTED:
        return (
            "ValidationException",
            f"The embedded AWS has no schedules for {target.get('Arn')}: targets may be of "
            f"{', '.join(SUPPORTED)}.",
        )
    refusal = _dead_letters(target)
    if refusal is not None:
        return "ValidationException", refusal
    if not trusts(target.get("RoleArn", ""), "scheduler.amazonaws.com"):
        return (
            "ValidationException",
            "The execution role you provide must allow AWS EventBridge Scheduler to assume "
            "the role.",
        )
    return None


def rule_targets(
    method: str, path: str, headers: dict[str, str], body: dict[str, Any]
) -> tuple[str, str] | None:
    """EventBridge: PutTargets needs a trusting role for each state machine."""
    if not headers.get("x-amz-target", "").endswith(".PutTargets"):
        return None
    for target in body.get("Targets", []):
        role, arn = target.get("RoleArn"), target.get("Arn", "")
        refusal = _dead_letters(target) or _unretried(target)
        if refusal is not None:
            return "ValidationException", refusal
        if role is None and target_service(arn) == "states":
            return "ValidationException", f"RoleArn is required for target {arn}."
        if role is not None and not trusts(role, "events.amazonaws.com"):
            return (
                "ValidationException",
                f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'.",
            )
    return None


def _dead_letters(target: dict[str, Any]) -> str | None:
    arn = str((target.get("DeadLetterConfig") or {}).get("Arn") or "")
    if arn and (target_service(arn) != "sqs" or arn.endswith(".fifo")):
        return f"DeadLetterConfig must name a standard queue, not {arn}."
    return None


def _unretried(target: dict[str, Any]) -> str | None:
    """Event buses and API destinations are called by ministack, once."""
    given = [name for name in ("DeadLetterConfig", "RetryPolicy") if target.get(name)]
    arn = str(target.get("Arn", ""))
    if given and target_service(arn) not in SUPPORTED:
        return f"The embedded AWS has no {given[0]} for targets such as {arn}."
    return None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
