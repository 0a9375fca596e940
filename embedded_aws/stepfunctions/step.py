"""One visit of one state: its values, its events, the scope its expressions see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from .definition import Assign, Graph, State, Value
from .errors import EvaluationError, StatesError
from .expressions import Scope
from .history import failure
from .jsontext import dumps
from .limits import check_size, sizes_of
from .store import Execution, Plan, Services

EVALUATION_FAILED = "States.QueryEvaluationError"
RUNTIME = "States.Runtime"

UNSET: Any = object()
_COUNTED = frozenset({"Task", "Map", "Parallel"})  # states whose context has RetryCount


def iso(epoch: float) -> str:
    """Epoch seconds as AWS writes times: UTC with milliseconds and Z."""
    text = datetime.fromtimestamp(round(epoch * 1000) / 1000, UTC).isoformat(
        timespec="milliseconds"
    )
    return text.replace("+00:00", "Z")


class Child(Protocol):
    """A branch or an iteration at work: a walk of its own."""

    prev: int
    current: State | None

    async def go(self, value: Any) -> Any: ...

    def resume(self, prev: int) -> None: ...

    def saved(self) -> dict[str, Any]: ...


class Walk(Protocol):
    """The walk that a step belongs to; `prev` is the id of its last event, the next one's cause."""

    services: Services
    execution: Execution
    prev: int
    variables: Mapping[str, Any]
    sizes: Mapping[str, int]
    item: Mapping[str, Any] | None
    progress: Any

    def child(self, graph: Graph, prev: int, item: Mapping[str, Any] | None) -> Child: ...

    def child_again(self, graph: Graph, saved: dict[str, Any]) -> Child: ...

    def start_child(self, plan: Plan, input_: Any, map_run_arn: str) -> Execution: ...

    def stop_child(self, execution: Execution) -> None: ...

    def redrive_child(self, execution: Execution) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a state leads, with what output, setting which variables.

    `sizes` are the bytes of all variables afterwards, None where none was set.
    """

    next: str | None
    output: Any
    assigned: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, int] | None = None


class Step:
    """`input` and the walk's variables do not change during the visit, whatever is retried.

    `resumed` is what the state had reached when its execution ended, if that was redriven: the
    crew or map run itself, or its `reached` data after a restart.
    """

    __slots__ = (
        "entered_at",
        "entered_id",
        "input",
        "item",
        "resumed",
        "retries",
        "state",
        "token",
        "walk",
    )

    def __init__(self, walk: Walk, state: State, input_: Any) -> None:
        self.walk = walk
        self.state = state
        self.input = input_
        self.item = walk.item
        self.retries = 0
        self.token: str | None = None
        self.resumed: Any = None
        self.entered_at = walk.services.clock.now()
        self.entered_id = 0

    # --- events

    def event(self, type_: str, details: Mapping[str, Any] | None = None) -> int:
        """Adds an event caused by the walk's last one and makes it the last."""
        walk = self.walk
        walk.prev = walk.execution.history.add(type_, walk.prev, details)
        return walk.prev

    def side_event(self, type_: str, prev: int, details: Mapping[str, Any] | None = None) -> int:
        """Adds an event that is not the cause of the walk's next one."""
        return self.walk.execution.history.add(type_, prev, details)

    def sentence(self, detail: str) -> str:
        """AWS's opening of a cause, then the detail."""
        return (
            f"An error occurred while executing the state '{self.state.name}'"
            f" (entered at the event id #{self.entered_id}). {detail}"
        )

    def evaluation_failed(self, error: EvaluationError) -> StatesError:
        """Records a failed evaluation; what it means to Retry and Catch."""
        detail = error.detail
        if error.expression:
            detail = (
                f"The JSONata expression '{error.expression}' specified for the field"
                f" '{error.field}' {error.detail}"
            )
        cause = self.sentence(detail)
        details = failure(EVALUATION_FAILED, cause) | {"state": self.state.name}
        if error.field:
            details["location"] = error.field
        self.event("EvaluationFailed", details)
        return StatesError(EVALUATION_FAILED, cause)

    # --- values

    def evaluate(
        self, value: Value, result: Any = UNSET, error: Any = UNSET, context: bool = True
    ) -> Any:
        """The value of a field in this step's scope; raises EvaluationError."""
        if value.is_literal:
            return value.evaluate(_NOTHING)
        states = {"input": self.input}
        if result is not UNSET:
            states["result"] = result
        if error is not UNSET:
            states["errorOutput"] = error
        if "context" in value.states_fields:
            states["context"] = self.context()
        services = self.walk.services
        return value.evaluate(
            Scope(self.walk.variables, states, services.clock.now(), services.random)
        )

    def integer(self, value: Value | None, name: str, least: int = 0) -> int | None:
        """The value of a field that must be a whole number; None where the field is absent."""
        if value is None:
            return None
        number = self.evaluate(value)
        whole = isinstance(number, int | float) and not isinstance(number, bool)
        if not whole or number != int(number):
            raise EvaluationError(
                name, "", f"The {name} field cannot be parsed as an integer: {shown(number)}"
            )
        if number < least:
            raise EvaluationError(
                name, "", f"The {name} field must be at least {least} but was: {shown(number)}"
            )
        return int(number)

    def context(self) -> dict[str, Any]:
        """`$states.context` of this visit, its members in AWS's order."""
        execution = self.walk.execution
        plan = execution.plan
        state: dict[str, Any] = {"Name": self.state.name, "EnteredTime": iso(self.entered_at)}
        if self.state.type in _COUNTED:
            state["RetryCount"] = self.retries
        found: dict[str, Any] = {
            "Execution": {
                "Id": execution.arn,
                "Input": execution.input,
                "StartTime": iso(execution.started),
                "Name": execution.name,
                "RoleArn": plan.role_arn,
                "RedriveCount": execution.redrives,
            },
            "StateMachine": {"Id": plan.machine_id, "Name": plan.machine_name},
            "State": state,
        }
        if execution.redriven is not None:
            found["Execution"]["RedriveTime"] = iso(execution.redriven)
        if self.token is not None:
            found["Task"] = {"Token": self.token}
        if self.item is not None:
            found["Map"] = {"Item": self.item}
        for name, given in execution.context.items():
            found[name] = {**found.get(name, {}), **given} if isinstance(given, dict) else given
        return found

    # --- the end of a visit

    def leave(
        self,
        result: Any,
        output: Value | None,
        assign: Assign | None,
        next_: str | None,
    ) -> Outcome:
        """Output and Assign, both over the variables as they were on entry."""
        extra = {} if result is UNSET else {"result": result}
        assigned = self.evaluate(assign.value, **extra) if assign is not None else {}
        if output is not None:
            value = self.evaluate(output, **extra)
        else:
            value = self.input if result is UNSET else result
        return self.checked(Outcome(next_, value, assigned))

    def caught(
        self, error: StatesError, output: Value | None, assign: Assign | None, next_: str
    ) -> Outcome:
        """As `leave`, for a catcher: `$states.errorOutput` instead of a result."""
        shown_error = error_output(error)
        assigned = self.evaluate(assign.value, error=shown_error) if assign is not None else {}
        value = shown_error if output is None else self.evaluate(output, error=shown_error)
        return self.checked(Outcome(next_, value, assigned))

    def checked(self, outcome: Outcome) -> Outcome:
        """Raises States.DataLimitExceeded where the output or a variable is too large."""
        if outcome.output is not self.input:
            self.check_size(outcome.output)
        if not outcome.assigned:
            return outcome
        sizes = sizes_of(outcome.assigned, self.walk.sizes, self.state.name)
        return replace(outcome, sizes=sizes)

    def check_size(self, value: Any) -> None:
        """Raises States.DataLimitExceeded for more than 262,144 bytes."""
        check_size(value, self.state.name)


_NOTHING: Any = None  # a literal looks at no scope


def shown(value: Any) -> str:
    """A value inside a cause: strings bare, the rest as JSON."""
    return value if isinstance(value, str) else dumps(value)


def error_output(error: StatesError) -> dict[str, Any]:
    """`$states.errorOutput`."""
    parts = {"Error": error.name, "Cause": error.cause}
    return {name: part for name, part in parts.items() if part is not None}
