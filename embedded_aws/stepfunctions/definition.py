"""A state machine as the engine runs it: frozen records, made by `parse`, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .expressions import Scope
from .integrations.base import Integration


class Value(Protocol):
    """A field whose value is known only in a state: a compiled template or a literal."""

    @property
    def is_literal(self) -> bool: ...

    @property
    def variables(self) -> frozenset[str]: ...

    @property
    def states_fields(self) -> frozenset[str]: ...

    def evaluate(self, scope: Scope) -> Any: ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that holds no expression, or whose `{% %}` texts are plain text (JSONPath states)."""

    value: Any
    is_literal: bool = True
    variables: frozenset[str] = frozenset()
    states_fields: frozenset[str] = frozenset()

    def evaluate(self, scope: Scope) -> Any:
        """The value itself; it is shared, so nobody may change it."""
        return self.value


@dataclass(frozen=True, slots=True)
class Assign:
    """The variables that a state sets; `value` evaluates to an object of these names."""

    names: tuple[str, ...]
    value: Value


@dataclass(frozen=True, slots=True)
class Retrier:
    """`interval` and `max_delay` in seconds; `max_attempts` counts retries, not attempts."""

    errors: tuple[str, ...]
    interval: int = 1
    max_attempts: int = 3
    backoff: float = 2.0
    max_delay: int | None = None
    full_jitter: bool = False


@dataclass(frozen=True, slots=True)
class Catcher:
    errors: tuple[str, ...]
    next: str
    output: Value | None
    assign: Assign | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What all states share.

    `next` None ends the branch, "" is a missing Next; `location` is a JSON pointer. A State of
    this class itself stands for one that could not be read.
    """

    name: str
    location: str
    type: str
    jsonata: bool
    next: str | None = None
    output: Value | None = None
    assign: Assign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(State):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(State):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(State):
    error: Value | None
    cause: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(State):
    """Exactly one of the two is set."""

    seconds: Value | None
    timestamp: Value | None


@dataclass(frozen=True, slots=True)
class Rule:
    condition: Value
    next: str
    output: Value | None
    assign: Assign | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(State):
    rules: tuple[Rule, ...]
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retriable(State):
    """Task, Parallel and Map: states whose failure can be retried and caught."""

    arguments: Value | None
    retriers: tuple[Retrier, ...] = ()
    catchers: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Retriable):
    """`function` is the ARN of a Lambda function, `activity` of an activity; else `integration`."""

    resource: str
    integration: Integration | None
    function: str | None = None
    activity: str | None = None
    timeout: Value | None = None
    heartbeat: Value | None = None
    credentials: Value | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """States that one walk goes through: a machine, a branch, the processor of a Map."""

    start_at: str
    states: Mapping[str, State]
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Retriable):
    branches: tuple[Graph, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """ItemReader: `resource` and `config` as written, evaluated with the arguments when run."""

    resource: str
    config: Value | None
    arguments: Value | None


@dataclass(frozen=True, slots=True)
class Batcher:
    max_items: Value | None
    max_bytes: Value | None
    batch_input: Value | None


@dataclass(frozen=True, slots=True)
class Writer:
    """ResultWriter; without a resource the results are transformed and returned, not written."""

    resource: str | None
    arguments: Value | None
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Retriable):
    """`express` tells the type of the children of a Distributed Map."""

    processor: Graph
    distributed: bool
    express: bool
    label: str | None = None
    items: Value | None = None
    reader: Reader | None = None
    selector: Value | None = None
    batcher: Batcher | None = None
    writer: Writer | None = None
    max_concurrency: Value | None = None
    tolerated_count: Value | None = None
    tolerated_percentage: Value | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """A whole definition; `timeout` in seconds."""

    graph: Graph
    timeout: int | None
    comment: str | None


def inner_graphs(state: State) -> tuple[Graph, ...]:
    """The graphs that stand inside a state."""
    if isinstance(state, Parallel):
        return state.branches
    if isinstance(state, Map):
        return (state.processor,)
    return ()


def all_graphs(graph: Graph) -> Iterator[Graph]:
    """The graph and every graph inside it, outer ones first."""
    yield graph
    for state in graph.states.values():
        for inner in inner_graphs(state):
            yield from all_graphs(inner)


def targets(state: State) -> list[tuple[str, str]]:
    """(state name, JSON pointer of the field that names it) of every way out of a state."""
    found = []
    if state.next:
        found.append((state.next, f"{state.location}/Next"))
    if isinstance(state, Choice):
        for number, rule in enumerate(state.rules):
            found.append((rule.next, f"{state.location}/Choices[{number}]/Next"))
        if state.default is not None:
            found.append((state.default, f"{state.location}/Default"))
    if isinstance(state, Retriable):
        for number, catcher in enumerate(state.catchers):
            found.append((catcher.next, f"{state.location}/Catch[{number}]/Next"))
    return found
