"""Calls that EventBridge and its Scheduler make to their targets, as the target's role."""

from __future__ import annotations

import contextvars
import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.messaging import delivery
from embedded_aws.dataplane.messaging.delivery import DeadLetters, Delivery, Lost
from embedded_aws.dataplane.messaging.internal import Caller, Role, Service
from embedded_aws.stepfunctions.clock import Clock

SUPPORTED = delivery.SUPPORTED

_log = logging.getLogger(__name__)


def target_service(arn: str) -> str:
    """The service of a target's ARN, for example `states`."""
    parts = arn.split(":")
    return parts[2] if len(parts) > 5 else ""


@dataclass(frozen=True)
class Failure:
    """A call to a target that failed for good.

    caller  the role that called, or the ARN of the rule if it calls in its own name
    error   what went wrong, and where the event is kept
    """

    target: str
    caller: str
    error: str


class Deliveries:
    """Makes the calls as engine tasks: a virtual clock waits for each, and for retries jumps.

    failures  what did not reach its target lately, oldest first
    """

    def __init__(self, clock: Clock) -> None:
        self.failures: deque[Failure] = deque(maxlen=1000)
        self._clock = clock

    def attach(self) -> None:
        """Lets EventBridge's rules call their targets through here."""
        events = ministack.service("eventbridge")

        def build(original: Any) -> Any:
            def invoke_target(target: Any, event: Any, rule: Any, view: Any = None) -> Any:
                seen = view or events._pattern_event_view(event)
                token = _current.set(_Match(target, rule, seen))
                try:
                    return original(target, event, rule, seen)
                finally:
                    _current.reset(token)

            return invoke_target

        ministack.replace(events, "_invoke_target", build)
        for name in ("stepfunctions", "lambda", "sqs", "sns"):
            setattr(events, f"_dispatch_to_{name}", self._dispatch)

    def for_schedule(self, schedule: dict[str, Any], payload: str, context: dict[str, str]) -> None:
        """Calls a schedule's target in the background; `context` are its context attributes."""
        target = schedule["Target"]
        role = Role(target["RoleArn"], "scheduler.amazonaws.com", "schedule", schedule["Arn"])
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        request = delivery.request_for(target["Arn"], payload, group)
        dead = None
        if target.get("DeadLetterConfig"):
            attributes = {
                "SCHEDULE_ARN": schedule["Arn"],
                "EXECUTION_ID": context["execution-id"],
                "SCHEDULED_TIME": context["scheduled-time"],
                "IS_PAYLOAD_TRUNCATED": "false",
            }
            queue, body = target["DeadLetterConfig"]["Arn"], delivery.request_text(request)
            dead = DeadLetters(queue, role, body, attributes, lambda error: error.code)
        policy = target.get("RetryPolicy") or {}
        self._start(Delivery(role, target["Arn"], request, policy, dead), role.arn)

    def _dispatch(self, target: Any, payload: str, parameters: Any = None) -> None:
        """ministack's call of a rule's target; which one it is stands in the context."""
        match = _current.get()
        if match is None:
            return
        rule, record = match.rule["Arn"], match.target
        service = Service("events.amazonaws.com", rule)
        role = record.get("RoleArn")
        caller: Caller = Role(role, "events.amazonaws.com", "rule", rule) if role else service
        group = (record.get("SqsParameters") or {}).get("MessageGroupId")
        request = delivery.request_for(record["Arn"], payload, group)
        dead = None
        if record.get("DeadLetterConfig"):
            event = json.dumps(match.view.event_with_detail())
            queue, code = record["DeadLetterConfig"]["Arn"], delivery.rule_error_code
            dead = DeadLetters(queue, service, event, {"RULE_ARN": rule}, code)
        policy = record.get("RetryPolicy") or {}
        self._start(Delivery(caller, record["Arn"], request, policy, dead), role or rule)

    def _start(self, one: Delivery, caller: str) -> None:
        async def run() -> None:
            try:
                await delivery.deliver(one, self._clock)
            except Lost as error:
                _log.warning("%s did not call %s: %s", caller, one.target, error)
                self.failures.append(Failure(one.target, caller, str(error)))

        def spawn() -> None:
            self._clock.spawn(run())

        # In a context of its own: the current one may be a request's.
        contextvars.Context().run(spawn)


@dataclass(frozen=True)
class _Match:
    """A rule that matched an event, and the target that is to be called."""

    target: dict[str, Any]
    rule: dict[str, Any]
    view: Any


_current: contextvars.ContextVar[_Match | None] = contextvars.ContextVar("match", default=None)
