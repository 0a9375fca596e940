"""A call of an integration with stubbed boto3 clients and a clock that only counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from embedded_aws.stepfunctions.integrations import Call, resolve

ROLE = "arn:aws:iam::123456789012:role/machine"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:parent:run-1"


@dataclass
class Bench:
    """Stubs by service, what was signed as which role, and how long was slept."""

    stubs: dict[str, Stubber] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)
    roles: list[tuple[str, str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    blocking: int = 0

    def client(self, role: str, service: str) -> Any:
        self.roles.append((role, service))
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                region_name="us-east-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[service]

    def stub(self, service: str) -> Stubber:
        if service not in self.stubs:
            self.stubs[service] = Stubber(self.client(ROLE, service))
            self.stubs[service].activate()
            self.roles.pop()
        return self.stubs[service]

    async def _run(self, function: Callable[[], Any]) -> Any:
        self.blocking += 1
        return await asyncio.to_thread(function)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def call(self, **more: Any) -> Call:
        return Call(
            role_arn=ROLE,
            region="us-east-1",
            account="123456789012",
            execution_arn=EXECUTION,
            execution_name="run-1",
            clients=self.client,
            run_blocking=self._run,
            sleep=self._sleep,
            **more,
        )

    def run(self, resource: str, arguments: Any, **more: Any) -> Any:
        """The result of a Task: its start and, for `.sync`, its end."""
        integration = resolve(resource)
        call = self.call(**more)

        async def both() -> Any:
            started = await integration.start(arguments, call)
            return (
                await integration.wait(started, call) if integration.pattern == "sync" else started
            )

        return asyncio.run(both())


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for stub in bench.stubs.values():
        stub.assert_no_pending_responses()
