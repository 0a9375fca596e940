"""Checks of a whole definition: targets, reachability, names, scopes of variables."""

from __future__ import annotations

from collections.abc import Iterator

from .definition import (
    Assign,
    Choice,
    Fail,
    Graph,
    Machine,
    Map,
    Retriable,
    State,
    Succeed,
    Task,
    Value,
    Wait,
    all_graphs,
    inner_graphs,
    targets,
)
from .errors import Diagnostic
from .parse.fields import Problems

ALWAYS = frozenset({"input", "context"})
RESULT = ALWAYS | {"result"}
ERROR = ALWAYS | {"errorOutput"}


def validate(machine: Machine) -> list[Diagnostic]:
    """All findings about a machine that was read; those of severity ERROR refuse it."""
    problems = Problems()
    for graph in all_graphs(machine.graph):
        _check_flow(graph, problems)
    _check_names(machine.graph, problems)
    _check_scopes(machine.graph, frozenset(), problems)
    return problems.found


def check_express(machine: Machine) -> list[Diagnostic]:
    """What an EXPRESS machine may not use."""
    problems = Problems()
    for graph in all_graphs(machine.graph):
        for state in graph.states.values():
            if isinstance(state, Map) and state.distributed:
                problems.error("An EXPRESS machine has no DISTRIBUTED Map", state.location)
            if isinstance(state, Task) and state.activity is not None:
                problems.error("An EXPRESS machine has no activities", f"{state.location}/Resource")
            integration = state.integration if isinstance(state, Task) else None
            if integration is not None and integration.pattern != "request":
                problems.error(
                    "An EXPRESS machine has neither .sync nor .waitForTaskToken",
                    f"{state.location}/Resource",
                )
    return problems.found


def _check_flow(graph: Graph, problems: Problems) -> None:
    start = f"{graph.location}/StartAt"
    ways = {name: targets(state) for name, state in graph.states.items()}
    edges = [(graph.start_at, start)] if graph.start_at else []
    for target, where in edges + [edge for found in ways.values() for edge in found]:
        if target and target not in graph.states:
            problems.error(f"Missing 'Next' target: {target}", where, "MISSING_TRANSITION_TARGET")
    broken = [name for name, state in graph.states.items() if type(state) is State]
    if broken or not graph.start_at:
        return  # where an unreadable state leads is unknown
    if graph.states and not any(_terminal(state) for state in graph.states.values()):
        problems.error("Workflow has no terminal state", graph.location, "MISSING_END_STATE")
        return  # AWS does not look for unreachable states then
    reached = _reachable(graph.start_at, ways)
    for name, state in graph.states.items():
        if name not in reached:
            message = f'State "{name}" is not reachable.'
            problems.error(message, state.location, "MISSING_TRANSITION_TARGET")


def _terminal(state: State) -> bool:
    if isinstance(state, Succeed | Fail):
        return True
    return state.next is None and not isinstance(state, Choice)


def _reachable(start: str, ways: dict[str, list[tuple[str, str]]]) -> set[str]:
    reached: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in reached and name in ways:
            reached.add(name)
            todo.extend(target for target, _ in ways[name])
    return reached


def _check_names(graph: Graph, problems: Problems) -> None:
    names: set[str] = set()
    labels: set[str] = set()
    for inner in all_graphs(graph):
        for name, state in inner.states.items():
            if name in names:
                problems.error(
                    f"Duplicate State name: {name}", state.location, "DUPLICATE_STATE_NAME"
                )
            names.add(name)
            if isinstance(state, Map) and state.label is not None:
                if state.label in labels:
                    problems.error(
                        f"The Label '{state.label}' is used more than once",
                        f"{state.location}/Label",
                        "DUPLICATE_LABEL_NAME",
                    )
                labels.add(state.label)


# --- variables


def _check_scopes(graph: Graph, outer: frozenset[str], problems: Problems) -> None:
    """Inner graphs read outer variables but may not assign them; siblings do not see each other."""
    own: set[str] = set()
    for state in graph.states.values():
        for assign, where in _assigns(state):
            own.update(assign.names)
            for name in assign.names:
                if name in outer:
                    problems.error(
                        f"The variable '{name}' is assigned in an outer scope already",
                        f"{where}/{name}",
                        "DUPLICATE_VARIABLE_NAME",
                    )
    visible = outer | own
    for state in graph.states.values():
        for value, where, allowed in _values(state):
            _check_value(value, where, allowed, visible, problems)
        # The children of a Distributed Map are executions of their own: they see nothing outside.
        inherited = frozenset() if isinstance(state, Map) and state.distributed else visible
        for inner in inner_graphs(state):
            _check_scopes(inner, inherited, problems)


def _check_value(
    value: Value, where: str, allowed: frozenset[str], visible: frozenset[str], problems: Problems
) -> None:
    for name in sorted(value.states_fields - allowed):
        problems.error(f"Field '$states.{name}' does not exist.", where)
    for name in sorted(value.variables - visible):
        problems.warning(
            f"The variable '${name}' may be undefined here", where, "POSSIBLY_UNDEFINED_VARIABLE"
        )


def _assigns(state: State) -> Iterator[tuple[Assign, str]]:
    if state.assign is not None:
        yield state.assign, f"{state.location}/Assign"
    if isinstance(state, Choice):
        for number, rule in enumerate(state.rules):
            if rule.assign is not None:
                yield rule.assign, f"{state.location}/Choices[{number}]/Assign"
    if isinstance(state, Retriable):
        for number, catcher in enumerate(state.catchers):
            if catcher.assign is not None:
                yield catcher.assign, f"{state.location}/Catch[{number}]/Assign"


def _values(state: State) -> Iterator[tuple[Value, str, frozenset[str]]]:
    """(value, JSON pointer, fields of $states that exist there) of every field of a state."""
    result = RESULT if isinstance(state, Retriable) else ALWAYS
    found: list[tuple[Value | None, str, frozenset[str]]] = [(state.output, "Output", result)]
    found.extend((value, name, ALWAYS) for name, value in _own_values(state))
    if isinstance(state, Choice):
        for number, rule in enumerate(state.rules):
            found.append((rule.condition, f"Choices[{number}]/Condition", ALWAYS))
            found.append((rule.output, f"Choices[{number}]/Output", ALWAYS))
    if isinstance(state, Retriable):
        for number, catcher in enumerate(state.catchers):
            found.append((catcher.output, f"Catch[{number}]/Output", ERROR))
    for assign, where in _assigns(state):
        allowed = ERROR if "/Catch[" in where.removeprefix(state.location) else result
        found.append((assign.value, where.removeprefix(f"{state.location}/"), allowed))
    for value, name, allowed in found:
        if value is not None:
            yield value, f"{state.location}/{name}", allowed


def _own_values(state: State) -> Iterator[tuple[str, Value | None]]:
    if isinstance(state, Retriable):
        yield "Arguments", state.arguments
    if isinstance(state, Wait):
        yield "Seconds", state.seconds
        yield "Timestamp", state.timestamp
    if isinstance(state, Fail):
        yield "Error", state.error
        yield "Cause", state.cause
    if isinstance(state, Task):
        yield "TimeoutSeconds", state.timeout
        yield "HeartbeatSeconds", state.heartbeat
        yield "Credentials", state.credentials
    if isinstance(state, Map):
        yield from _map_values(state)


def _map_values(state: Map) -> Iterator[tuple[str, Value | None]]:
    yield "Items", state.items
    yield "ItemSelector", state.selector
    yield "MaxConcurrency", state.max_concurrency
    yield "ToleratedFailureCount", state.tolerated_count
    yield "ToleratedFailurePercentage", state.tolerated_percentage
    if state.reader is not None:
        yield "ItemReader/ReaderConfig", state.reader.config
        yield "ItemReader/Arguments", state.reader.arguments
    if state.batcher is not None:
        yield "ItemBatcher/MaxItemsPerBatch", state.batcher.max_items
        yield "ItemBatcher/MaxInputBytesPerBatch", state.batcher.max_bytes
        yield "ItemBatcher/BatchInput", state.batcher.batch_input
    if state.writer is not None:
        yield "ResultWriter/Arguments", state.writer.arguments
