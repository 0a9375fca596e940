"""Running machines in tests: an engine under the virtual clock, services replaced by functions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from embedded_aws.stepfunctions import Clock, StepFunctions
from embedded_aws.stepfunctions.integrations.base import Call

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z

Service = Callable[[Any, Call], Awaitable[Any]]


@dataclass
class Stub:
    """A resource whose calls are a test's function: `test:<name>[.sync|.waitForTaskToken]`."""

    resource_type: str
    resource: str
    pattern: str
    service: Service
    finish: Service | None = None

    def check(self, arguments: Any) -> list[str]:
        return [f"unknown name '{name}'" for name in arguments if name == "Unknown"]

    async def start(self, arguments: Any, call: Call) -> Any:
        return await self.service(arguments, call)

    async def wait(self, submitted: Any, call: Call) -> Any:
        return await self.finish(submitted, call) if self.finish else submitted


async def _absent(arguments: Any, call: Call) -> Any:
    raise AssertionError("the test gave no such service")


@dataclass
class Ended:
    """What a machine did: the fields of DescribeExecution and its history."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    events: list[dict[str, Any]]
    seconds: float
    shown: dict[str, Any]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def details(self, type_: str) -> dict[str, Any]:
        """The details of the first event of a type."""
        event = next(event for event in self.events if event["type"] == type_)
        found: dict[str, Any] = next(v for k, v in event.items() if k.endswith("EventDetails"))
        return found


@dataclass
class World:
    """An engine on the running loop."""

    services: dict[str, Service] = field(default_factory=dict)
    finishers: dict[str, Service] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    clients: Any = None
    clock: Clock = field(default_factory=lambda: Clock.virtual(START))

    def __post_init__(self) -> None:
        self.engine = StepFunctions(
            self.clock, lambda role, name: self.clients, resolve=self.resolve, **self.options
        )

    def resolve(self, resource: str) -> Stub:
        kind, _, name = resource.removeprefix("arn:aws:states:::").partition(":")
        if kind != "test":
            raise ValueError(f"The resource '{resource}' is not supported")
        plain, _, suffix = name.partition(".")
        pattern = {"": "request", "sync": "sync", "waitForTaskToken": "token"}[suffix]
        finish = self.finishers.get(plain)
        return Stub("test", name, pattern, self.services.get(plain, _absent), finish)

    async def create(self, definition: dict[str, Any], **request: Any) -> str:
        request = {
            "name": "machine",
            "roleArn": "arn:aws:iam::123456789012:role/machine",
            "definition": json.dumps(definition),
        } | request
        answer = await self.engine.handle("CreateStateMachine", request)
        return str(answer["stateMachineArn"])

    async def start(self, machine: str, input_: Any = None, **request: Any) -> str:
        request = {"stateMachineArn": machine, "input": json.dumps(input_)} | request
        return str((await self.engine.handle("StartExecution", request))["executionArn"])

    async def ended(self, execution: str) -> Ended:
        done = asyncio.Event()
        record = self.engine.services.store.executions[execution]
        if record.status == "RUNNING":
            record.when_ended = lambda _: done.set()
            await asyncio.wait_for(done.wait(), 20)
        shown = await self.engine.handle("DescribeExecution", {"executionArn": execution})
        events = await self.events(execution)
        output = json.loads(shown["output"]) if "output" in shown else None
        return Ended(
            shown["status"],
            output,
            shown.get("error"),
            shown.get("cause"),
            events,
            shown["stopDate"] - shown["startDate"],
            shown,
        )

    async def events(self, execution: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"executionArn": execution, "maxResults": 1000}
        while True:
            page = await self.engine.handle("GetExecutionHistory", request)
            found.extend(page["events"])
            if "nextToken" not in page:
                return found
            request["nextToken"] = page["nextToken"]

    async def run(self, definition: dict[str, Any], input_: Any = None) -> Ended:
        return await self.ended(await self.start(await self.create(definition), input_))


Run = Callable[..., Ended]


@pytest.fixture
def run() -> Run:
    """Runs a definition from start to end: run(definition, input, name=service, ...)."""

    def run_once(definition: dict[str, Any], input_: Any = None, **services: Service) -> Ended:
        async def main() -> Ended:
            world = World(services=services)
            try:
                return await world.run(definition, input_)
            finally:
                await world.engine.aclose()

        return asyncio.run(main())

    return run_once


@pytest.fixture
def world() -> type[World]:
    """The engine with more of it in the test's hands; use it inside a running loop."""
    return World


def jsonata(states: dict[str, Any], start: str | None = None, **top: Any) -> dict[str, Any]:
    """A JSONata machine of these states that starts at the first."""
    return {
        "QueryLanguage": "JSONata",
        "StartAt": start or next(iter(states)),
        "States": states,
    } | top


@pytest.fixture
def machine() -> Callable[..., dict[str, Any]]:
    return jsonata
