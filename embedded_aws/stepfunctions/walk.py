"""One path through a graph: from state to state, one visit after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from .branches import ABORTABLE
from .definition import Graph, State
from .history import EVENT_LIMIT, History, entered, exited
from .jsontext import JsonText
from .states import run_state
from .step import Outcome, Step
from .store import Execution, Plan, Services, execution_arn

# An EXPRESS execution has no limit of events, only five minutes; a loop without waits takes no
# time of a virtual clock, so it ends by count: five minutes hold about this many events on AWS.
EXPRESS_EVENTS = 250_000
_YIELD_EVERY = 32  # states after which other work of the event loop gets its turn


class Owner(Protocol):
    """The running execution that a walk belongs to; it starts the children of map runs."""

    services: Services
    execution: Execution

    def begin(self, execution: Execution) -> None: ...

    def again(self, execution: Execution) -> None: ...


class Walk:
    """One path through a graph; branches and iterations are walks of their own.

    `progress` is what a Parallel or Map at work has reached: a redrive goes on from there.
    """

    __slots__ = (
        "_owner",
        "_resuming",
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
        owner: Owner,
        graph: Graph,
        prev: int,
        variables: Mapping[str, Any],
        item: Mapping[str, Any] | None,
    ) -> None:
        self._owner = owner
        self._visits = 0
        self.services = owner.services
        self.execution = owner.execution
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
        walk = Walk(self._owner, graph, prev, self.variables, item)
        walk.sizes = self.sizes
        return walk

    def child_again(self, graph: Graph, saved: dict[str, Any]) -> Walk:
        """A walk that `saved` was called on, before a restart."""
        return Walk.from_saved(self._owner, graph, saved)

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
    def from_saved(cls, owner: Owner, graph: Graph, saved: dict[str, Any]) -> Walk:
        """The walk that `saved` was called on; it has to `resume`."""
        walk = cls(owner, graph, saved["prev"], saved["variables"], saved["item"])
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
        self._owner.begin(execution)
        return execution

    def stop_child(self, execution: Execution) -> None:
        stop = self.services.store.running.get(execution.arn)
        if stop is not None:
            stop(None, None)

    def redrive_child(self, execution: Execution) -> None:
        """Lets a child that did not succeed go on from where it ended."""
        self._owner.again(execution)

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
