"""TestState: one state alone, with its real calls or with a mocked result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..definition import Graph, Map, Parallel, Retriable, State, Task, all_graphs
from ..errors import ApiError, EvaluationError, StatesError
from ..execution import visit_once
from ..history import failure
from ..integrations.base import Call, Integration
from ..jsontext import JsonText, dumps
from ..map_io import Malformed
from ..parse import parse
from ..retry import catcher_of, retrier_of, wait_before
from ..signals import Publisher
from ..step import Step
from ..store import Plan, Services, Store
from ..walk import new_execution
from . import inspection
from .checks import Request, json_of, refuse, required, validation
from .machines import invalid_definition

NAME = "StateName"  # what AWS calls the state in causes, where the request has no name
LEVELS = ("INFO", "DEBUG", "TRACE")
MODES = ("STRICT", "PRESENT", "NONE")


@dataclass(frozen=True)
class Mocked:
    """An integration that returns or raises what the request says."""

    resource_type: str
    resource: str
    mock: Mapping[str, Any]
    pattern: str = "request"

    def check(self, arguments: Any) -> list[str]:
        return []

    async def start(self, arguments: Any, call: Call) -> Any:
        error = self.mock.get("errorOutput")
        if error is not None:
            raise StatesError(error.get("error"), error.get("cause"))
        return json_of(self.mock.get("result"), "InvalidOutput", "Mock result")

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted


async def run(services: Services, request: Request) -> dict[str, Any]:
    """The outcome of one visit: SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR."""
    refuse(request, "revealSecrets")
    level = request.get("inspectionLevel") or "INFO"
    if level not in LEVELS:
        raise validation(f"inspectionLevel must be one of {', '.join(LEVELS)}")
    state = _state(services, request)
    tested = _mocked(state, request)
    value = json_of(request.get("input") or "{}", "InvalidExecutionInput", "Input")
    variables = json_of(request.get("variables") or "{}", "ValidationException", "Variables")
    # An engine of its own: the test leaves no execution, no token and no event behind.
    alone = replace(services, store=Store(), signals=Publisher())
    execution = new_execution(alone, _plan(tested, request), "test", value, JsonText(dumps(value)))
    execution.context = _context(request)
    outcome, step = await visit_once(alone, execution, _bare(tested), variables)
    config = _configuration(state, request)
    answer = _answer(state, outcome, step, config)
    if level != "INFO":
        answer["inspectionData"] = inspection.of_visit(execution, variables)
        if isinstance(outcome, StatesError):
            details = inspection.of_error(state, outcome, config.get("retrierRetryCount", 0))
            answer["inspectionData"] |= details
        if isinstance(state, Map):
            answer["inspectionData"] |= _inspected_map(step, state, config)
    return answer


# --- the request


def _state(services: Services, request: Request) -> State:
    """The state of the definition, or the one of a whole machine that the request names."""
    (text,) = required(request, "definition")
    raw = json_of(text, "InvalidDefinition", "State Machine Definition")
    if not isinstance(raw, dict):
        raise ApiError("InvalidDefinition", "Invalid State Machine Definition: 'not an object'")
    name = request.get("stateName")
    whole = raw if name else {"StartAt": NAME, "States": {NAME: raw}}
    machine, found = parse(json.dumps(whole), services.resolve)
    errors = [finding for finding in found if finding.severity == "ERROR"]
    if machine is None or errors:
        raise invalid_definition(errors)
    for graph in all_graphs(machine.graph):
        if (name or NAME) in graph.states:
            return graph.states[name or NAME]
    raise validation(f"The definition has no state '{name}'")


def _mocked(state: State, request: Request) -> State:
    """The state with its call replaced by the mock; a Map or Parallel becomes one call."""
    mock = request.get("mock")
    if mock is None:
        _refuse_unmocked(state)
        return state
    if mock.get("fieldValidationMode", "STRICT") not in MODES:
        raise validation(f"mock.fieldValidationMode must be one of {', '.join(MODES)}")
    if (mock.get("result") is None) == (mock.get("errorOutput") is None):
        raise validation("mock needs either result or errorOutput")
    if isinstance(state, Task):
        real: Integration | None = state.integration
        kind, resource = (real.resource_type, real.resource) if real else ("", state.resource)
        return replace(
            state, activity=None, function=None, integration=Mocked(kind, resource, mock)
        )
    if not isinstance(state, Map | Parallel):
        raise validation(f"A {state.type} state takes no mock: only Task, Map and Parallel do")
    shared = {name: getattr(state, name) for name in _SHARED}
    return Task(**shared, resource=state.type, integration=Mocked(state.type, state.type, mock))


_SHARED = (
    "name", "location", "type", "jsonata", "next", "output", "assign", "arguments", "retriers",
    "catchers",
)  # fmt: skip


def _refuse_unmocked(state: State) -> None:
    what = state.type if isinstance(state, Map | Parallel) else None
    if isinstance(state, Task) and state.activity is not None:
        what = "activity"
    elif isinstance(state, Task) and state.integration and state.integration.pattern != "request":
        what = {"sync": ".sync", "token": ".waitForTaskToken"}[state.integration.pattern]
    if what is not None:
        raise validation(f"TestState needs a mock to test a state of kind {what}")


def _context(request: Request) -> dict[str, Any]:
    text = request.get("context")
    if text is None:
        return {}
    if request.get("mock") is None:
        raise validation("context can only be given together with a mock")
    context = json_of(text, "ValidationException", "context")
    if not isinstance(context, dict):
        raise validation("context must be a JSON object")
    return context


def _configuration(state: State, request: Request) -> dict[str, Any]:
    config: dict[str, Any] = request.get("stateConfiguration") or {}
    if config and request.get("mock") is None:
        raise validation("stateConfiguration can only be given together with a mock")
    cause = config.get("errorCausedByState")
    inner = state.branches if isinstance(state, Parallel) else ()
    inner = (state.processor,) if isinstance(state, Map) else inner
    known = {name for graph in inner for one in all_graphs(graph) for name in one.states}
    if cause is not None and cause not in known:
        raise validation(f"errorCausedByState names no state inside {state.name}: '{cause}'")
    return config


def _plan(state: State, request: Request) -> Plan:
    return Plan(
        machine_arn="",
        machine_id="",
        machine_name="test",
        path="test",
        definition=request["definition"],
        graph=Graph(state.name, {state.name: state}, ""),
        role_arn=request.get("roleArn") or "",
        revision="",
        express=False,
        timeout=None,
        logging={},
    )


def _bare(state: State) -> State:
    """Retry and Catch are told, not done: the state runs without them."""
    return replace(state, retriers=(), catchers=()) if isinstance(state, Retriable) else state


# --- the answer


def _answer(state: State, outcome: Any, step: Step, config: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(state, Map) and not isinstance(outcome, StatesError):
        failed = config.get("mapIterationFailureCount", 0)
        outcome = inspection.judged(step, state, failed) or outcome
    if not isinstance(outcome, StatesError):
        shown = {"status": "SUCCEEDED", "output": dumps(outcome.output)}
        return shown | ({} if outcome.next is None else {"nextState": outcome.next})
    cause = outcome.cause and outcome.cause.removeprefix(step.sentence(""))
    answer = failure(outcome.name, cause)
    if not isinstance(state, Retriable):
        return answer | {"status": "FAILED"}
    retrier = retrier_of(state.retriers, outcome)
    used = config.get("retrierRetryCount", 0)
    if retrier is not None and wait_before(retrier[1], used) is not None:
        return answer | {"status": "RETRIABLE"}
    found = catcher_of(state.catchers, outcome)
    if found is None:
        return answer | {"status": "FAILED"}
    catcher = found[1]
    try:
        caught = step.caught(outcome, catcher.output, catcher.assign, catcher.next)
    except EvaluationError as second:
        error = step.evaluation_failed(second)
        cause = (error.cause or "").removeprefix(step.sentence(""))
        return failure(error.name, cause) | {"status": "FAILED"}
    return answer | {
        "status": "CAUGHT_ERROR",
        "nextState": catcher.next,
        "output": dumps(caught.output),
    }


def _inspected_map(step: Step, state: Map, config: Mapping[str, Any]) -> dict[str, Any]:
    text = config.get("mapItemReaderData")
    data = None if text is None else json_of(text, "ValidationException", "mapItemReaderData")
    try:
        return inspection.of_map(step, state, data)
    except (EvaluationError, StatesError):
        return {}  # the visit itself tells what is wrong
    except Malformed as problem:
        raise validation(f"mapItemReaderData {problem}") from None
