"""Listening in on the embedded AWS: every call of a service, every event of an execution."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.states import Handler, Response
from embedded_aws.server import EmbeddedAws
from embedded_aws.stepfunctions.clock import Clock
from embedded_aws.stepfunctions.history import Event
from embedded_aws.stepfunctions.store import Execution, Signals


@dataclass(frozen=True)
class Call:
    """A request to a service; `operation` is the one of a JSON service, else the HTTP method."""

    service: str
    operation: str
    path: str
    query: dict[str, Any]
    body: bytes

    @property
    def request(self) -> dict[str, Any]:
        """The body of a JSON service."""
        found: dict[str, Any] = json.loads(self.body or b"{}")
        return found


Answered = Callable[[int, bytes], None]
"""Takes the HTTP status and the body of the answer."""

Observe = Callable[[Call], Answered | None]
"""Sees a call before it is made; what it returns sees the answer. Runs on the server's loop."""


@contextmanager
def calls_watched(services: tuple[str, ...], observe: Observe) -> Iterator[None]:
    """Shows all calls of these services, by whomever they are made."""
    with ExitStack() as stack:
        for service in services:
            stack.enter_context(_watched(service, observe))
        yield


@contextmanager
def _watched(service: str, observe: Observe) -> Iterator[None]:
    handlers: dict[str, Handler] = ministack.load().SERVICE_HANDLERS
    original = handlers[service]

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2] or method
        answered = observe(Call(service, operation, path, query, body))
        answer = await original(method, path, headers, body, query)
        if answered is not None:
            answered(answer[0], answer[2])
        return answer

    handlers[service] = handle
    try:
        yield
    finally:
        handlers[service] = original


@contextmanager
def calls_delayed(clock: Clock, service: str, operation: str, seconds: float) -> Iterator[None]:
    """Lets calls take time of the clock, where only tasks of the engine make them."""
    handlers: dict[str, Handler] = ministack.load().SERVICE_HANDLERS
    original = handlers[service]

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        if headers.get("x-amz-target", "").endswith(f".{operation}"):
            await clock.sleep(seconds)
        return await original(method, path, headers, body, query)

    handlers[service] = handle
    try:
        yield
    finally:
        handlers[service] = original


ObserveEvent = Callable[[Execution, Event], None]
"""Sees an event as it is added to a history. Runs on the server's loop."""


@contextmanager
def events_watched(aws: EmbeddedAws, observe: ObserveEvent) -> Iterator[None]:
    """Shows all events of the executions that start from here on, Express ones included."""
    services = aws.engine.services
    original = services.signals
    services.signals = _Watching(original, observe)
    try:
        yield
    finally:
        services.signals = original


class _Watching:
    """Hangs an observer into every history, beside what listens already."""

    def __init__(self, signals: Signals, observe: ObserveEvent) -> None:
        self._signals = signals
        self._observe = observe

    def started(self, execution: Execution) -> None:
        self._signals.started(execution)
        listener = execution.history.listener

        def heard(number: int, event: Event) -> None:
            if listener is not None:
                listener(number, event)
            self._observe(execution, event)

        execution.history.listener = heard

    def ended(self, execution: Execution) -> None:
        self._signals.ended(execution)


def state_entered(event: Event) -> str | None:
    """The name of the state that an event enters, None for other events."""
    if event.type.endswith("StateEntered") and event.details is not None:
        return str(event.details["name"])
    return None
