"""Step Functions: an engine for JSONata state machines, usable without the rest of the project.

engine = StepFunctions(Clock.virtual(0), clients)
arn = (await engine.handle("CreateStateMachine", {...}))["stateMachineArn"]
await engine.handle("StartExecution", {"stateMachineArn": arn, "input": "{}"})
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import api, snapshots
from .clock import Clock
from .errors import ApiError, DefinitionError, Diagnostic, EngineBug, StatesError
from .integrations import resolve as resolve_integration
from .integrations.base import ClientFactory, Integration, Refusal
from .signals import OnLog, OnMetric, OnStatus, Publisher
from .store import Services, Store

__all__ = [
    "ApiError",
    "Clock",
    "DefinitionError",
    "Diagnostic",
    "EngineBug",
    "StatesError",
    "StepFunctions",
]

CALLS_AT_ONCE = 64  # threads for calls of services


class StepFunctions:
    """The service of one account in one region; lives on the event loop that first uses it.

    `clients` makes boto3 clients that sign as a role; `refusal` tells what a role may not do
    without a call, by default nothing; `seed` makes names and jitter repeatable.
    """

    def __init__(
        self,
        clock: Clock,
        clients: ClientFactory,
        account: str = "123456789012",
        region: str = "us-east-1",
        on_status: OnStatus | None = None,
        on_metric: OnMetric | None = None,
        on_log: OnLog | None = None,
        seed: int = 0,
        resolve: Callable[[str], Integration] = resolve_integration,
        refusal: Refusal = lambda role_arn, action, resource: None,
    ) -> None:
        self.services = Services(
            clock=clock,
            clients=clients,
            account=account,
            region=region,
            random=random.Random(seed),
            pool=ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="stepfunctions"),
            store=Store(),
            signals=Publisher(on_status, on_metric, on_log),
            resolve=resolve,
            refusal=refusal,
        )

    async def handle(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Does an operation by its boto3 name; times are epoch seconds. Raises ApiError."""
        return await api.handle(self.services, operation, request)

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON-able data; on the engine's loop, between two events."""
        return snapshots.dump(self.services)

    def restore(self, data: dict[str, Any]) -> None:
        """Puts the data of `snapshot` into a new engine; what ran then has failed now."""
        snapshots.load(self.services, data)

    async def aclose(self) -> None:
        """Stops every running execution as ABORTED and gives the threads back."""
        for stop in list(self.services.store.running.values()):
            stop(None, "The embedded AWS was stopped.")
        await asyncio.sleep(0)
        self.services.pool.shutdown(wait=False, cancel_futures=True)
