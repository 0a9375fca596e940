"""TestState: one state alone, with its real calls or with a mocked result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..definition import Graph, Retriable, State, Task
from ..errors import ApiError, StatesError
from ..execution import new_execution, visit_once
from ..history import failure
from ..integrations.base import Call, Integration
from ..jsontext import JsonText, dumps
from ..parse import parse
from ..retry import Retries, catcher_of
from ..signals import Publisher
from ..store import Execution, Plan, Services, Store
from .checks import Request, json_of, refuse, required, validation
from .machines import invalid_definition

NAME = "StateName"  # what AWS calls the state in causes
LEVELS = ("INFO", "DEBUG", "TRACE")


@dataclass(frozen=True)
class Mocked:
    """An integration that returns or raises what the request says."""

    real: Integration
    mock: Mapping[str, Any]

    @property
    def resource_type(self) -> str:
        return self.real.resource_type

    @property
    def resource(self) -> str:
        return self.real.resource

    @property
    def pattern(self) -> str:
        return "request"

    def check(self, arguments: Any) -> list[str]:
        return self.real.check(arguments)

    async def start(self, arguments: Any, call: Call) -> Any:
        error = self.mock.get("errorOutput")
        if error is not None:
            raise StatesError(error.get("error"), error.get("cause"))
        return json_of(self.mock.get("result"), "InvalidOutput", "Mock result")

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted


async def run(services: Services, request: Request) -> dict[str, Any]:
    """The outcome of one visit: SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR."""
    refuse(request, "stateName", "stateConfiguration", "context", "revealSecrets")
    level = request.get("inspectionLevel") or "INFO"
    if level not in LEVELS:
        raise validation(f"inspectionLevel must be one of {', '.join(LEVELS)}")
    state = _state(services, request)
    value = json_of(request.get("input") or "{}", "InvalidExecutionInput", "Input")
    variables = json_of(request.get("variables") or "{}", "ValidationException", "Variables")
    # An engine of its own: the test leaves no execution, no token and no event behind.
    alone = replace(services, store=Store(), signals=Publisher())
    execution = new_execution(alone, _plan(state, request), "test", value, JsonText(dumps(value)))
    answer = await _visit(alone, execution, state, variables)
    if level != "INFO":
        answer["inspectionData"] = _inspection(execution, variables)
    return answer


def _state(services: Services, request: Request) -> State:
    (text,) = required(request, "definition")
    raw = json_of(text, "InvalidDefinition", "State Machine Definition")
    if not isinstance(raw, dict):
        raise ApiError("InvalidDefinition", "Invalid State Machine Definition: 'not an object'")
    mock = request.get("mock")

    def resolve(resource: str) -> Integration:
        real = services.resolve(resource)
        return real if mock is None else Mocked(real, mock)

    machine, found = parse(json.dumps({"StartAt": NAME, "States": {NAME: raw}}), resolve)
    errors = [finding for finding in found if finding.severity == "ERROR"]
    if machine is None or errors:
        raise invalid_definition(errors)
    state = machine.graph.states[NAME]
    if mock is not None and not isinstance(state, Task):
        raise validation("mock is implemented for Task states only")
    return state


def _plan(state: State, request: Request) -> Plan:
    return Plan(
        machine_arn="",
        machine_id="",
        machine_name="test",
        path="test",
        definition=request["definition"],
        graph=Graph(NAME, {NAME: state}, ""),
        role_arn=request.get("roleArn") or "",
        revision="",
        express=False,
        timeout=None,
        logging={},
    )


async def _visit(
    services: Services, execution: Execution, state: State, variables: dict[str, Any]
) -> dict[str, Any]:
    # Retry and Catch are told, not done: the state runs without them.
    bare = replace(state, retriers=(), catchers=()) if isinstance(state, Retriable) else state
    outcome, step = await visit_once(services, execution, bare, variables)
    if not isinstance(outcome, StatesError):
        shown = {"status": "SUCCEEDED", "output": dumps(outcome.output)}
        return shown | ({} if outcome.next is None else {"nextState": outcome.next})
    cause = outcome.cause and outcome.cause.removeprefix(step.sentence(""))
    answer = failure(outcome.name, cause)
    if not isinstance(state, Retriable):
        return answer | {"status": "FAILED"}
    if Retries(state.retriers, services.random).delay(outcome) is not None:
        return answer | {"status": "RETRIABLE"}
    found = catcher_of(state.catchers, outcome)
    if found is None:
        return answer | {"status": "FAILED"}
    catcher = found[1]
    caught = step.caught(outcome, catcher.output, catcher.assign, catcher.next)
    return answer | {
        "status": "CAUGHT_ERROR",
        "nextState": catcher.next,
        "output": dumps(caught.output),
    }


def _inspection(execution: Execution, variables: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"input": execution.input_json(), "variables": dumps(variables)}
    for event in execution.history.events:
        details = event.details or {}
        if event.type.endswith("Scheduled"):
            given = details.get("parameters", details.get("input"))
            data["afterArguments"] = dumps(given)
        if event.type.endswith("Succeeded") and "output" in details:
            data["result"] = dumps(details["output"])
        for name, value in (details.get("assignedVariables") or {}).items():
            data["variables"] = dumps({**variables, name: value})
    return data
