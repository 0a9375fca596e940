"""An engine whose services, workers and people do what one recording says they did."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from .. import StepFunctions
from ..clock import Clock
from ..integrations import resolve
from ..integrations.base import Integration
from .cases import activity_name, is_activity, objects_of, tasks_of, worker_names
from .memory_s3 import MemoryS3
from .replay import Replay
from .stubs import Names, StubIntegration, names_of, work

ACCOUNT, REGION = "111111111111", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/conformance"
START = 1_767_225_600.0
STOP_WITHIN = 3600.0  # seconds within which a recorded StopExecution comes
STEP = 0.25  # seconds between two looks at the history of an execution that is to be stopped


class World:
    """An engine with stubs for one case."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.definition = json.loads(json.dumps(case["definition"]))
        self.replay = Replay(case)
        self.states: dict[str, set[str]] = {}
        self.activities: set[str] = set()
        for name, state in tasks_of(self.definition):
            if is_activity(state.get("Resource")):
                state["Resource"] = _activity_arn(state["Resource"])
                self.activities.add(state["Resource"])
            self.states.setdefault(str(state.get("Resource")), set()).add(name)
        self.s3 = MemoryS3(objects_of(case.get("setup")))
        self.engine = StepFunctions(
            Clock.virtual(START),
            lambda role, service: self.s3,
            account=ACCOUNT,
            region=REGION,
            resolve=self._resolve,
        )

    def _resolve(self, resource: str) -> Integration:
        """The engine's own names and checks; an integration it lacks can still be replayed."""
        try:
            real = resolve(resource)
            names = Names(real.resource_type, real.resource, real.pattern)
        except ValueError:
            if not self._recorded(resource):
                raise
            names = names_of(resource)
        states = self.states.get(resource, set())
        return StubIntegration(resource, names, states, self.replay, self.engine.handle)

    def _recorded(self, resource: str) -> bool:
        return self.case["expected"]["status"] != "VALIDATION_FAILED" and resource in self.states

    async def execute(self) -> dict[str, Any]:
        """DescribeExecution of the ended execution; raises ApiError for a refused definition."""
        engine, case = self.engine, self.case
        type_ = case.get("type", "STANDARD")
        text = self.definition
        request = {
            "name": "conformance",
            "definition": text if isinstance(text, str) else json.dumps(text),
            "roleArn": ROLE,
            "type": type_,
        }
        arn = (await engine.handle("CreateStateMachine", request))["stateMachineArn"]
        workers = await self._workers()
        start = {"stateMachineArn": arn, "input": json.dumps(case.get("input", {}))}
        try:
            if type_ == "EXPRESS":
                return await engine.handle("StartSyncExecution", start)
            execution = (await engine.handle("StartExecution", start))["executionArn"]
            if case["expected"]["status"] == "ABORTED":
                engine.services.clock.spawn(self._stop(execution))
            await engine.services.ended(execution)
            return await engine.handle("DescribeExecution", {"executionArn": execution})
        finally:
            for worker in workers:
                worker.cancel()

    async def _stop(self, execution: str) -> None:
        """Stops the execution once its history is as long as the recorded one was by then."""
        expected, services = self.case["expected"], self.engine.services
        recorded = [e for e in expected.get("events") or [] if not e["type"].endswith("Aborted")]
        history = services.store.executions[execution].history
        deadline = services.clock.now() + STOP_WITHIN
        await services.clock.sleep(STEP)
        while len(history.events) < len(recorded) and services.clock.now() < deadline:
            await services.clock.sleep(STEP)
        request = {"executionArn": execution} | {
            name: expected[name] for name in ("error", "cause") if name in expected
        }
        await self.engine.handle("StopExecution", request)

    async def _workers(self) -> list[asyncio.Task[Any]]:
        """Activities exist if somebody works at them or if the recording has scheduled tasks."""
        names = worker_names(self.case)
        events = self.case["expected"].get("events") or []
        if not names and not any(event["type"] == "ActivityScheduled" for event in events):
            return []
        workers = []
        for arn in sorted(self.activities):
            await self.engine.handle("CreateActivity", {"name": arn.rsplit(":", 1)[1]})
            for name in names:
                coroutine = work(self.engine.handle, arn, name, self.replay, self.states[arn])
                workers.append(asyncio.get_running_loop().create_task(coroutine))
        return workers

    async def events(self, arn: str) -> list[dict[str, Any]]:
        """The whole history; empty for an EXPRESS execution, which has none."""
        if ":express:" in arn:
            return []
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"executionArn": arn, "maxResults": 1000}
        while True:
            page = await self.engine.handle("GetExecutionHistory", request)
            found.extend(page["events"])
            if "nextToken" not in page:
                return found
            request["nextToken"] = page["nextToken"]


def _activity_arn(resource: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:activity:{activity_name(resource)}"
