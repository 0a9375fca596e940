"""The life of one execution: start, deadline, stop, end, redrive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .clock import EXECUTION_TIMEOUT, Timer
from .definition import State, all_graphs
from .errors import EngineBug, StatesError
from .history import EVENT_LIMIT, HistoryFull, failure
from .jsontext import JsonText
from .parse import parse
from .step import RUNTIME, Outcome, Step
from .store import Execution, Plan, Services
from .walk import Walk, new_execution

log = logging.getLogger(__name__)

EXPRESS_SECONDS = 300


class Run:
    """A running execution; `stop` ends it from outside.

    `walk` is that of an earlier run, where this one redrives what it left.
    """

    def __init__(self, services: Services, execution: Execution, walk: Any = None) -> None:
        self.services = services
        self.execution = execution
        self._walk: Walk = walk or Walk(self, execution.plan.graph, 0, {}, None)
        self._deadline: Timer | None = None
        self._task: asyncio.Task[Any] | None = None

    def start(self) -> None:
        execution = self.execution
        self.services.store.add_execution(execution)
        self._open()
        details = {
            "input": execution.input if execution.input_text is None else execution.input_text,
            "roleArn": execution.plan.role_arn,
        }
        execution.history.add("ExecutionStarted", 0, details)
        self._task = self.services.clock.spawn(self._live())

    def redrive(self) -> None:
        """Goes on from the states that failed or were aborted; timeouts start again."""
        execution = self.execution
        execution.status, execution.stopped = "RUNNING", None
        execution.error = execution.cause = None
        execution.redrives += 1
        execution.redriven = self.services.clock.now()
        execution.history.closed = False
        self._open()
        last = len(execution.history.events)
        details = {"redriveCount": execution.redrives}
        self._walk.resume(execution.history.add("ExecutionRedriven", last, details))
        self._task = self.services.clock.spawn(self._live())

    def begin(self, execution: Execution) -> None:
        """Starts a child of a map run."""
        Run(self.services, execution).start()

    def again(self, execution: Execution) -> None:
        """Redrives a child of a map run."""
        redrive_execution(self.services, execution)

    def _open(self) -> None:
        execution, clock = self.execution, self.services.clock
        execution.walk = None if execution.plan.express else self._walk
        self.services.store.running[execution.arn] = self.stop
        self.services.signals.started(execution)
        if execution.plan.timeout is not None:
            self._deadline = clock.timer(
                clock.now() + execution.plan.timeout, self._time_out, EXECUTION_TIMEOUT
            )

    async def _live(self) -> None:
        walk, execution = self._walk, self.execution
        try:
            output = await walk.go(execution.input)
            execution.output = output
            self._end("SUCCEEDED", walk.prev, {"output": output})
        except StatesError as error:
            self._fail(error.name, error.cause)
        except HistoryFull:
            self._fail_full()
        except asyncio.CancelledError:
            if execution.status == "RUNNING":  # the engine closes: nobody stopped it
                self._end("ABORTED", 0, failure(None, "The engine was closed."))
        except Exception as bug:
            log.exception("%s broke the engine in %s", execution.arn, walk.current)
            self._fail(RUNTIME, f"The embedded AWS has a bug: {bug!r}. Please report it.")

    def _fail(self, error: str | None, cause: str | None) -> None:
        self.execution.error, self.execution.cause = error, cause
        self._end("FAILED", self._walk.prev, failure(error, cause))

    def _fail_full(self) -> None:
        if self.execution.plan.express:
            self._time_out()
            return
        self._fail(
            RUNTIME,
            f"The execution reached the maximum number of history events ({EVENT_LIMIT}).",
        )

    def stop(self, error: str | None, cause: str | None) -> None:
        """Ends the execution as ABORTED; without effect once it has ended."""
        self.execution.error, self.execution.cause = error, cause
        self._interrupt("ABORTED", failure(error, cause))

    def _time_out(self) -> None:
        self._interrupt("TIMED_OUT", failure("States.Timeout", None))

    def _interrupt(self, status: str, details: Mapping[str, Any]) -> None:
        if self.execution.status == "RUNNING":
            # The history closes first: what the cancelled states have to say is dropped.
            self._end(status, 0, details)
            if self._task is not None:
                self.execution.leaving = self._task
                self.services.clock.cancel(self._task)

    def _end(self, status: str, prev: int, details: Mapping[str, Any]) -> None:
        execution = self.execution
        execution.history.add(_TERMINAL[status], prev, details)
        execution.status = status
        execution.stopped = self.services.clock.now()
        execution.walk = None if status == "SUCCEEDED" or execution.plan.express else self._walk
        if self._deadline is not None:
            self._deadline.cancel()
        del self.services.store.running[execution.arn]
        self.services.signals.ended(execution)
        if execution.when_ended is not None:
            execution.when_ended(execution)
        for waiter in execution.waiters:
            waiter.wake()
        execution.waiters.clear()
        if execution.plan.express and execution.map_run_arn is None:
            self.services.store.forget_execution(execution)  # no operation can ask for it


_TERMINAL = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "ABORTED": "ExecutionAborted",
    "TIMED_OUT": "ExecutionTimedOut",
}


def launch(
    services: Services, plan: Plan, name: str, input_: Any, input_text: JsonText
) -> Execution:
    """Starts an execution of a machine; returns at once."""
    execution = new_execution(services, plan, name, input_, input_text)
    Run(services, execution).start()
    return execution


async def visit_once(
    services: Services, execution: Execution, state: State, variables: Mapping[str, Any]
) -> tuple[Outcome | StatesError, Step]:
    """Runs one state alone: how it ended, and the step that it was."""
    walk = Walk(Run(services, execution), execution.plan.graph, 0, variables, None)
    task = services.clock.spawn(walk.visit(state, execution.input))
    try:
        ended: Outcome | StatesError = await task
    except StatesError as error:
        ended = error
    if walk.step is None:
        raise EngineBug("a visit without a step")
    return ended, walk.step


def redrive_execution(services: Services, execution: Execution) -> None:
    """Lets an execution that did not succeed go on from where it ended."""
    if isinstance(execution.walk, dict):
        _revive(services, execution)
    Run(services, execution, execution.walk).redrive()


def _revive(services: Services, execution: Execution) -> None:
    """Gives an execution of a snapshot its graph, its values and its walk again."""
    machine, _ = parse(execution.plan.definition, services.resolve)
    saved = execution.walk
    graphs = () if machine is None else all_graphs(machine.graph)
    graph = next((one for one in graphs if one.location == saved["graph"]), None)
    if graph is None:
        raise EngineBug(f"the definition of {execution.arn} has no states at {saved['graph']}")
    execution.plan = replace(execution.plan, graph=graph)
    execution.parse_values()
    execution.walk = Walk.from_saved(Run(services, execution), graph, saved)
