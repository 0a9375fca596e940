"""The life of one execution: start, walk from state to state, deadline, stop, end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .branches import ABORTABLE
from .clock import EXECUTION_TIMEOUT, Timer
from .definition import Graph, State, all_graphs
from .errors import EngineBug, StatesError
from .history import EVENT_LIMIT, History, HistoryFull, entered, exited, failure
from .jsontext import JsonText
from .parse import parse
from .states import run_state
from .step import RUNTIME, Outcome, Step
from .store import Execution, Plan, Services, execution_arn

log = logging.getLogger(__name__)

EXPRESS_SECONDS = 300
# An EXPRESS execution has no limit of events, only five minutes; a loop without waits takes no
# time of a virtual clock, so it ends by count: five minutes hold about this many events on AWS.
EXPRESS_EVENTS = 250_000
_YIELD_EVERY = 32  # states after which other work of the event loop gets its turn


class Walk:
    """One path through a graph; branches and iterations are walks of their own.

    `progress` is what a Parallel or Map at work has reached: a redrive goes on from there.
    """

    __slots__ = (
        "_resuming",
        "_run",
        "_visits",
        "current",
        "execution",
        "graph",
        "item",
        "prev",
        "progress",
        "services",
        "sizes",
        "step",
        "variables",
    )

    def __init__(
        self,
        run: Run,
        graph: Graph,
        prev: int,
        variables: Mapping[str, Any],
        item: Mapping[str, Any] | None,
    ) -> None:
        self._run = run
        self._visits = 0
        self.services = run.services
        self.execution = run.execution
        self.graph = graph
        self.prev = prev
        self.variables = variables
        self.sizes: Mapping[str, int] = {}
        self.item = item
        self.current: State | None = None
        self.progress: Any = None
        self.step: Step | None = None
        self._resuming = False

    def resume(self, prev: int) -> None:
        """Lets the next `go` visit the current state again; `prev` causes its first event."""
        self.prev = prev
        self._resuming = self.step is not None

    def child(self, graph: Graph, prev: int, item: Mapping[str, Any] | None) -> Walk:
        """A walk that sees this one's variables as they are now and cannot change them."""
        walk = Walk(self._run, graph, prev, self.variables, item)
        walk.sizes = self.sizes
        return walk

    def child_again(self, graph: Graph, saved: dict[str, Any]) -> Walk:
        """A walk that `saved` was called on, before a restart."""
        return Walk.from_saved(self._run, graph, saved)

    def saved(self) -> dict[str, Any]:
        """Where the walk is, as JSON-able data; values are shared, not copied."""
        step, progress = self.step, self.progress
        at = None
        if step is not None:
            at = {
                "state": step.state.name,
                "input": step.input,
                "entered_id": step.entered_id,
                "entered_at": step.entered_at,
            }
        return {
            "graph": self.graph.location,
            "prev": self.prev,
            "variables": dict(self.variables),
            "sizes": dict(self.sizes),
            "item": None if self.item is None else dict(self.item),
            "step": at,
            "progress": progress if isinstance(progress, dict | None) else progress.reached(),
        }

    @classmethod
    def from_saved(cls, run: Run, graph: Graph, saved: dict[str, Any]) -> Walk:
        """The walk that `saved` was called on; it has to `resume`."""
        walk = cls(run, graph, saved["prev"], saved["variables"], saved["item"])
        walk.sizes, walk.progress = saved["sizes"], saved["progress"]
        at = saved["step"]
        if at is not None:
            walk.step = Step(walk, graph.states[at["state"]], at["input"])
            walk.step.entered_id, walk.step.entered_at = at["entered_id"], at["entered_at"]
        return walk

    def start_child(self, plan: Plan, input_: Any, map_run_arn: str) -> Execution:
        """Starts an execution of its own for an item or a batch of a Distributed Map."""
        services = self.services
        execution = new_execution(services, plan, services.uuid(), input_)
        execution.map_run_arn = map_run_arn
        Run(services, execution).start()
        return execution

    def stop_child(self, execution: Execution) -> None:
        stop = self.services.store.running.get(execution.arn)
        if stop is not None:
            stop(None, None)

    def redrive_child(self, execution: Execution) -> None:
        """Lets a child that did not succeed go on from where it ended."""
        redrive_execution(self.services, execution)

    async def go(self, value: Any) -> Any:
        """Walks to the end of the graph; returns the last output or raises StatesError."""
        state = self.graph.states[self.graph.start_at]
        if self._resuming and self.step is not None:
            state, value = self.step.state, self.step.input
        while True:
            outcome = await self.visit(state, value)
            value = outcome.output
            if outcome.next is None:
                return value
            state = self.graph.states[outcome.next]

    async def visit(self, state: State, value: Any) -> Outcome:
        """One state from its entry to its exit; raises StatesError."""
        self.current = state
        step = self._enter(state, value)
        self._visits += 1
        try:
            # Only here: a snapshot taken meanwhile finds the walk in a state, not between two.
            if self._visits % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
            outcome = await run_state(step)
        except asyncio.CancelledError:
            if state.type in ABORTABLE:
                step.event(f"{state.type}StateAborted")
            raise
        if outcome.sizes is not None:
            self.variables = {**self.variables, **outcome.assigned}
            self.sizes = outcome.sizes
        step.event(f"{state.type}StateExited", exited(state.name, outcome.output, outcome.assigned))
        return outcome

    def _enter(self, state: State, value: Any) -> Step:
        """Records the entry; a resumed state keeps the entry that it had."""
        step = Step(self, state, value)
        if self._resuming and self.step is not None:
            self._resuming = False
            step.entered_id, step.entered_at = self.step.entered_id, self.step.entered_at
            step.resumed = self.progress
        else:
            step.entered_id = step.event(f"{state.type}StateEntered", entered(state.name, value))
        self.step = step
        self.progress = None
        return step


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


def new_history(services: Services, express: bool) -> History:
    return History(services.clock.now, EXPRESS_EVENTS if express else EVENT_LIMIT)


def new_execution(
    services: Services, plan: Plan, name: str, input_: Any, input_text: JsonText | None = None
) -> Execution:
    """A record of an execution that is to start now."""
    return Execution(
        arn=execution_arn(services, plan, name),
        name=name,
        plan=plan,
        input=input_,
        input_text=input_text,
        started=services.clock.now(),
        history=new_history(services, plan.express),
    )


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
