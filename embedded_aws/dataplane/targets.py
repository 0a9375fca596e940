"""Calls that EventBridge and its Scheduler make to their targets, as the target's role."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from embedded_aws.dataplane.credentials import RoleClients
from embedded_aws.endpoint import Endpoint

_log = logging.getLogger(__name__)


def _start_execution(client: Any, arn: str, payload: str) -> None:
    client.start_execution(stateMachineArn=arn, input=payload)


def _invoke(client: Any, arn: str, payload: str) -> None:
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode())


def _send_message(client: Any, arn: str, payload: str) -> None:
    account, name = arn.split(":")[4:6]
    client.send_message(
        QueueUrl=f"{client.meta.endpoint_url}/{account}/{name}", MessageBody=payload
    )


def _publish(client: Any, arn: str, payload: str) -> None:
    client.publish(TopicArn=arn, Message=payload)


# ARN service -> boto3 service and call.
_CALLS: dict[str, tuple[str, Callable[[Any, str, str], None]]] = {
    "states": ("stepfunctions", _start_execution),
    "lambda": ("lambda", _invoke),
    "sqs": ("sqs", _send_message),
    "sns": ("sns", _publish),
}
SUPPORTED = tuple(_CALLS)


def target_service(arn: str) -> str:
    """The service of a target's ARN, for example `states`."""
    parts = arn.split(":")
    return parts[2] if len(parts) > 5 else ""


@dataclass(frozen=True)
class Failure:
    """A call to a target that did not succeed; AWS would only count it in a metric."""

    target: str
    role: str
    error: str


class Deliveries:
    """Makes the calls in threads, with the engine's clock held until each is made.

    hold      the clock's `hold`: a virtual clock waits for the call
    failures  what did not reach its target lately, oldest first
    """

    def __init__(
        self, endpoint: Endpoint, hold: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self.failures: deque[Failure] = deque(maxlen=1000)
        self._hold = hold
        self._schedules = RoleClients(
            endpoint, "scheduler.amazonaws.com", "schedule", _refusal("EventBridge Scheduler")
        )
        self._rules = RoleClients(endpoint, "events.amazonaws.com", "rule", _refusal("EventBridge"))

    def for_schedules(self, role: str, target: str, payload: str) -> None:
        """Calls a schedule's target in the background; a failure is logged and kept."""
        self._deliver(self._schedules, role, target, payload)

    def for_rules(self, role: str, target: str, payload: str) -> None:
        """Calls a rule's target in the background; a failure is logged and kept."""
        self._deliver(self._rules, role, target, payload)

    def _deliver(self, clients: RoleClients, role: str, target: str, payload: str) -> None:
        held = self._hold()
        held.__enter__()

        def call() -> None:
            try:
                service, make = _CALLS[target_service(target)]
                make(clients(role, service), target, payload)
            except (ClientError, BotoCoreError) as error:
                _log.warning("%s did not call %s: %s", role, target, error)
                self.failures.append(Failure(target, role, str(error)))
            finally:
                held.__exit__(None, None, None)

        threading.Thread(target=call, name="delivery", daemon=True).start()


def _refusal(service: str) -> tuple[str, str]:
    return "AccessDeniedException", f"{service} is not authorized to assume the role {{role}}."
