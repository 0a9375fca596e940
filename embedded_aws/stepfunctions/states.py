"""A coroutine per state type: from a Step to its Outcome, or a StatesError."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .branches import ABORTABLE, Crew
from .definition import (
    Choice,
    Fail,
    Graph,
    Map,
    Parallel,
    Pass,
    Retriable,
    State,
    Succeed,
    Task,
    Wait,
)
from .errors import EvaluationError, StatesError
from .history import iteration
from .items import items_of, percentage_of, select
from .map_run import run_distributed
from .parse.fields import instant
from .retry import Retries, catcher_of
from .step import UNSET, Child, Outcome, Step
from .tasks import run_task

INLINE_CONCURRENCY = 40


async def run_state(step: Step) -> Outcome:
    """One visit of any state, retries and catches included."""
    state = step.state
    if isinstance(state, Retriable):
        return await _attempts(step, state)
    try:
        return await _SIMPLE[type(state)](step, state)
    except EvaluationError as error:
        raise step.evaluation_failed(error) from error


async def _attempts(step: Step, state: Retriable) -> Outcome:
    retries = Retries(state.retriers, step.walk.services.random)
    while True:
        try:
            try:
                return await _RETRIABLE[type(state)](step, state)
            except EvaluationError as error:
                raise step.evaluation_failed(error) from error
        except StatesError as error:
            delay = retries.delay(error)
            if delay is None:
                return _catch(step, state, error)
        step.resumed = None  # a retry starts the state anew
        step.retries += 1
        await step.walk.services.clock.sleep(delay)


def _catch(step: Step, state: Retriable, error: StatesError) -> Outcome:
    """Goes where the first matching catcher says; raises the error where none matches."""
    if not isinstance(state, Task):
        step.event(f"{state.type}StateFailed")
    found = catcher_of(state.catchers, error)
    if found is None:
        raise error
    _, catcher = found
    try:
        return step.caught(error, catcher.output, catcher.assign, catcher.next)
    except EvaluationError as second:
        raise step.evaluation_failed(second) from second


# --- simple states


async def _pass(step: Step, state: Pass) -> Outcome:
    return step.leave(UNSET, state.output, state.assign, state.next)


async def _succeed(step: Step, state: Succeed) -> Outcome:
    return step.leave(UNSET, state.output, None, None)


async def _fail(step: Step, state: Fail) -> Outcome:
    error = None if state.error is None else step.evaluate(state.error)
    cause = None if state.cause is None else step.evaluate(state.cause)
    raise StatesError(error, cause)


async def _choice(step: Step, state: Choice) -> Outcome:
    for rule in state.rules:
        if step.evaluate(rule.condition):
            return step.leave(UNSET, rule.output, rule.assign, rule.next)
    if state.default is None:
        raise StatesError(
            "States.NoChoiceMatched",
            step.sentence(
                "Failed to transition out of the state. The state does not point to a next state."
            ),
        )
    return step.leave(UNSET, state.output, state.assign, state.default)


async def _wait(step: Step, state: Wait) -> Outcome:
    clock = step.walk.services.clock
    if state.timestamp is not None:
        await clock.sleep_until(_until(step.evaluate(state.timestamp)))
    else:
        seconds = step.integer(state.seconds, "Seconds")
        await clock.sleep_until(step.entered_at + (seconds or 0))
    return step.leave(UNSET, state.output, state.assign, state.next)


def _until(text: str) -> float:
    """Epoch seconds of a Timestamp; raises EvaluationError where it is none."""
    epoch = instant(text, seconds=False)
    if epoch is None:
        raise EvaluationError(
            "Timestamp",
            "",
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format"
            f" string: {text}",
        )
    return epoch


# --- states that can be retried


async def _task(step: Step, state: Task) -> Outcome:
    result = await run_task(step, state)
    return step.leave(result, state.output, state.assign, state.next)


class _Branches:
    """The branches of a Parallel: each gets the same input."""

    def __init__(self, step: Step, branches: tuple[Graph, ...], value: Any) -> None:
        self.step = step
        self._branches = branches
        self._value = value
        self.last = 0

    def begin(self, index: int, prev: int) -> Child:
        return self.step.walk.child(self._branches[index], prev, self.step.item)

    def reached(self) -> dict[str, Any]:
        return {"last": self.last, "value": self._value}

    def again(self, index: int, saved: dict[str, Any]) -> Child:
        return self.step.walk.child_again(self._branches[index], saved)

    def input(self, index: int) -> Any:
        return self._value

    def succeeded(self, index: int, child: Child) -> None:
        self.last = child.prev

    def failed(self, index: int, child: Child) -> None:
        if child.current is not None and child.current.type in ABORTABLE:
            child.prev = self.step.side_event(f"{child.current.type}StateAborted", child.prev)
        self.step.walk.prev = child.prev

    def aborted(self, index: int, child: Child) -> None:
        """The child's own walk recorded which state was aborted."""


async def _parallel(step: Step, state: Parallel) -> Outcome:
    crew = step.resumed
    if isinstance(crew, dict):
        hooks = _Branches(step, state.branches, crew["value"])
        crew = _crew_of(hooks, crew)
    elif crew is None:
        value = step.input if state.arguments is None else step.evaluate(state.arguments)
        started = step.event("ParallelStateStarted")
        hooks, count = _Branches(step, state.branches, value), len(state.branches)
        crew = Crew(step.walk.services.clock, hooks, count, count, started)
    outputs = await _run_crew(step, crew)
    step.walk.prev = crew.hooks.last
    step.side_event("ParallelStateSucceeded", crew.hooks.last)
    return step.leave(outputs, state.output, state.assign, state.next)


def _crew_of(hooks: _Branches | _Iterations, reached: dict[str, Any]) -> Crew:
    hooks.last = reached["last"]
    return Crew.from_reached(hooks, reached)


async def _run_crew(step: Step, crew: Crew) -> list[Any]:
    """Runs the children; the walk remembers them for a redrive."""
    if step.resumed is not None:
        crew.resume(step)
    step.walk.progress = crew
    return await crew.run()


class _Iterations:
    """The iterations of an inline Map."""

    def __init__(self, step: Step, state: Map, values: list[Any], inputs: list[Any]) -> None:
        self.step = step
        self._state = state
        self._values = values
        self._inputs = inputs
        self.last = 0

    def begin(self, index: int, prev: int) -> Child:
        step, state = self.step, self._state
        prev = step.side_event("MapIterationStarted", prev, iteration(state.name, index))
        item = {"Index": index, "Value": self._values[index]}
        return step.walk.child(state.processor, prev, item)

    def reached(self) -> dict[str, Any]:
        return {"last": self.last, "values": self._values, "inputs": self._inputs}

    def again(self, index: int, saved: dict[str, Any]) -> Child:
        return self.step.walk.child_again(self._state.processor, saved)

    def input(self, index: int) -> Any:
        return self._inputs[index]

    def succeeded(self, index: int, child: Child) -> None:
        self.last = self._end("MapIterationSucceeded", index, child)

    def failed(self, index: int, child: Child) -> None:
        self.step.walk.prev = self._end("MapIterationFailed", index, child)

    def aborted(self, index: int, child: Child) -> None:
        self._end("MapIterationAborted", index, child)

    def _end(self, type_: str, index: int, child: Child) -> int:
        details = iteration(self._state.name, index)
        return self.step.side_event(type_, child.prev, details)


async def _map(step: Step, state: Map) -> Outcome:
    if state.distributed:
        result = await run_distributed(step, state)
        return step.leave(result, state.output, state.assign, state.next)
    crew = step.resumed
    if isinstance(crew, dict):
        crew = _crew_of(_Iterations(step, state, crew["values"], crew["inputs"]), crew)
    elif crew is None:
        crew = _iterations(step, state)
    outputs = await _run_crew(step, crew)
    last = crew.hooks.last
    step.side_event("MapStateSucceeded", last)
    step.walk.prev = last
    return step.leave(outputs, state.output, state.assign, state.next)


def _iterations(step: Step, state: Map) -> Crew:
    values = items_of(step, state)
    limit = step.integer(state.max_concurrency, "MaxConcurrency") or INLINE_CONCURRENCY
    step.integer(state.tolerated_count, "ToleratedFailureCount")
    percentage_of(step, state)
    inputs = [
        select(step, state, {"Index": index, "Value": value}) for index, value in enumerate(values)
    ]
    started = step.event("MapStateStarted", {"length": len(values)})
    hooks = _Iterations(step, state, values, inputs)
    hooks.last = started
    limit = min(limit, INLINE_CONCURRENCY)
    return Crew(step.walk.services.clock, hooks, len(inputs), limit, started)


_SIMPLE: dict[type[State], Callable[[Step, Any], Awaitable[Outcome]]] = {
    Pass: _pass,
    Succeed: _succeed,
    Fail: _fail,
    Choice: _choice,
    Wait: _wait,
}
_RETRIABLE: dict[type[State], Callable[[Step, Any], Awaitable[Outcome]]] = {
    Task: _task,
    Parallel: _parallel,
    Map: _map,
}
