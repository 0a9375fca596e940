"""Runs recorded executions through the engine and compares.

A case is a JSON file with definition, input, results of its calls and what AWS recorded; calls are
replayed, waits and timeouts run under the virtual clock. Cases of JSONPath are left out.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from .. import StepFunctions
from ..clock import Clock
from ..errors import ApiError
from ..integrations import resolve
from ..integrations.base import Integration
from .compare import Matcher, compare_events, plain, same_ids
from .stubs import MemoryS3, Replay, StubIntegration, work

ACCOUNT, REGION = "111111111111", "us-east-1"
ACTIVITY = f"arn:aws:states:{REGION}:{ACCOUNT}:activity:activity_arn"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/conformance"
LANGUAGES = ("JSONata", "neutral")
START = 1_767_225_600.0
PATIENCE = 20.0  # real seconds after which a case that does not end has failed
QUOTING = ("States.QueryEvaluationError", "States.Runtime")  # causes that quote AWS's wording
OPENING = "An error occurred while executing the state"


@dataclass(frozen=True)
class Verdict:
    """`difference` None: passed. `wording` tells a cause that differs where that is allowed."""

    id: str
    difference: str | None
    wording: str | None = None
    ids_equal: bool | None = None


def load_cases(folder: Path) -> list[dict[str, Any]]:
    """Every JSONata and neutral case of a folder, by file name."""
    cases = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [case for case in cases if case.get("query_language") in LANGUAGES]


def run_case(case: dict[str, Any]) -> Verdict:
    """Runs one case to its end; an exception of the engine is a difference."""
    try:
        return asyncio.run(asyncio.wait_for(_run(case), PATIENCE))
    except TimeoutError:
        return Verdict(case["id"], f"the execution did not end within {PATIENCE:.0f} s")
    except Exception as error:
        return Verdict(case["id"], f"the engine raised {error!r}")


def _tasks(graph: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(name, state) of every Task, in branches and processors too."""
    found = []
    for name, state in (graph.get("States") or {}).items():
        if state.get("Type") == "Task":
            found.append((name, state))
        inner = [*(state.get("Branches") or []), state.get("ItemProcessor"), state.get("Iterator")]
        for part in inner:
            found.extend(_tasks(part or {}))
    return found


class _World:
    """An engine with stubs for one case."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.definition = json.loads(json.dumps(case["definition"]))
        self.replay = Replay(case)
        self.states: dict[str, set[str]] = {}
        for name, state in _tasks(self.definition):
            if state.get("Resource") == "activity_arn":
                state["Resource"] = ACTIVITY
            self.states.setdefault(state.get("Resource", ""), set()).add(name)
        objects = case.get("setup", {}).get("s3_objects", {})
        self.s3 = MemoryS3(objects)
        self.engine = StepFunctions(
            Clock.virtual(START),
            lambda role, service: self.s3,
            account=ACCOUNT,
            region=REGION,
            resolve=self._resolve,
        )

    def _resolve(self, resource: str) -> Integration:
        states = self.states.get(resource, set())
        return StubIntegration(resolve(resource), states, self.replay, self.engine.handle)

    async def execute(self) -> dict[str, Any] | None:
        """DescribeExecution of the ended execution; None and a reason for a refused definition."""
        engine, case = self.engine, self.case
        type_ = case.get("type", "STANDARD")
        request = {
            "name": "conformance",
            "definition": json.dumps(self.definition),
            "roleArn": ROLE,
            "type": type_,
        }
        arn = (await engine.handle("CreateStateMachine", request))["stateMachineArn"]
        workers = await self._workers()
        start = {"stateMachineArn": arn, "input": json.dumps(case["input"])}
        try:
            if type_ == "EXPRESS":
                return await engine.handle("StartSyncExecution", start)
            execution = (await engine.handle("StartExecution", start))["executionArn"]
            if case["expected"]["status"] == "ABORTED":
                engine.services.clock.spawn(self._stop(execution))
            ended = asyncio.Event()
            engine.services.store.executions[execution].when_ended = lambda _: ended.set()
            await ended.wait()
            return await engine.handle("DescribeExecution", {"executionArn": execution})
        finally:
            for worker in workers:
                worker.cancel()

    async def _stop(self, execution: str) -> None:
        """Stops the execution as the recording says that somebody did."""
        await self.engine.services.clock.sleep(1)
        expected = self.case["expected"]
        request = {"executionArn": execution} | {
            name: expected[name] for name in ("error", "cause") if name in expected
        }
        await self.engine.handle("StopExecution", request)

    async def _workers(self) -> list[asyncio.Task[Any]]:
        actors = [a for a in self.case.get("actors", []) if a["kind"] == "activity_consumer"]
        if not actors:
            return []
        await self.engine.handle("CreateActivity", {"name": "activity_arn"})
        workers = []
        for actor in actors:
            names = {
                (state.get("Parameters") or {}).get("WorkerName")
                for state in actor["definition"]["States"].values()
            }
            name = next((one for one in names if one is not None), None)
            states = self.states.get(ACTIVITY, set())
            coroutine = work(self.engine.handle, ACTIVITY, name, self.replay, states)
            workers.append(asyncio.get_running_loop().create_task(coroutine))
        return workers

    async def events(self, arn: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"executionArn": arn, "maxResults": 1000}
        while True:
            page = await self.engine.handle("GetExecutionHistory", request)
            found.extend(page["events"])
            if "nextToken" not in page:
                return found
            request["nextToken"] = page["nextToken"]


async def _run(case: dict[str, Any]) -> Verdict:
    world = _World(case)
    expected = case["expected"]
    try:
        try:
            shown = await world.execute()
        except ApiError as error:
            return Verdict(case["id"], _refused(expected, error))
        assert shown is not None
        if expected["status"] == "VALIDATION_FAILED":
            return Verdict(case["id"], f"AWS refused the definition: {expected.get('cause')}")
        return await _verdict(case, world, shown)
    finally:
        await world.engine.aclose()


def _refused(expected: dict[str, Any], error: ApiError) -> str | None:
    if expected["status"] != "VALIDATION_FAILED":
        return f"refused: {error.message}"
    for sentence in (expected.get("cause") or "").split("; "):
        if sentence not in error.message:
            return f"refused with {error.message!r}, expected {sentence!r}"
    return None


async def _verdict(case: dict[str, Any], world: _World, shown: dict[str, Any]) -> Verdict:
    expected = case["expected"]
    found, wording = _compare_end(case, shown)
    ids = None
    if found is None and expected.get("events"):
        events = await world.events(shown["executionArn"])
        types = json.dumps(case["definition"])
        loose = '"Map"' in types or '"Parallel"' in types
        subset = case.get("events_normalised") == "parallel"
        found = compare_events(expected["events"], events, loose, subset)
        ids = None if subset else same_ids(expected["events"], events)
    if found is None and "map_run" in expected:
        found = await _compare_map_run(expected["map_run"], world, shown)
    return Verdict(case["id"], found, wording, ids)


def _compare_end(case: dict[str, Any], shown: dict[str, Any]) -> tuple[str | None, str | None]:
    expected, matcher = case["expected"], Matcher()
    if shown["status"] != expected["status"]:
        reason = f": {shown.get('error')}: {shown.get('cause')}" if "cause" in shown else ""
        return f"status: expected {expected['status']}, got {shown['status']}{reason}", None
    if "output" in expected:
        found = matcher.difference(plain(expected["output"]), plain(shown.get("output")), "output")
        if found:
            return found, None
    if "output_match" in expected:
        try:
            jsonschema.validate(json.loads(shown["output"]), expected["output_match"])
        except jsonschema.ValidationError as error:
            return f"output: {error.message}", None
    if expected["status"] == "SUCCEEDED":
        return None, None
    found = matcher.difference(expected.get("error"), shown.get("error"), "error")
    if found or "cause" not in expected:
        return found, None
    cause = shown.get("cause")
    if case.get("api") == "TestState" and cause and cause.startswith(OPENING):
        cause = cause.split("). ", 1)[-1]  # TestState leaves the opening out
    found = matcher.difference(plain(expected["cause"]), plain(cause), "cause")
    if found and expected.get("error") in QUOTING:
        return None, found
    return found, None


async def _compare_map_run(
    expected: dict[str, Any], world: _World, shown: dict[str, Any]
) -> str | None:
    runs = await world.engine.handle("ListMapRuns", {"executionArn": shown["executionArn"]})
    if len(runs["mapRuns"]) != 1:
        return f"expected one map run, got {len(runs['mapRuns'])}"
    arn = runs["mapRuns"][0]["mapRunArn"]
    run = await world.engine.handle("DescribeMapRun", {"mapRunArn": arn})
    for name, value in expected.items():
        actual = run.get(name)
        if isinstance(value, dict):
            actual = {key: (actual or {}).get(key) for key in value}
        if actual != value:
            return f"map_run/{name}: expected {value}, got {actual}"
    return None
