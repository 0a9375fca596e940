"""Ends executions of a workflow at a state of choice, as a stop, a timeout or a crash would."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from embedded_aws.stepfunctions.history import Event
from embedded_aws.stepfunctions.store import Execution
from tests.stack import ROOT, Stack
from tests.taps import events_watched, state_entered

_MARK = re.compile(r"kill-(\w+)")
_CALL = re.compile(r"(arn:aws:states:[\w:-]+)\|pass")

Manner = Literal["stopped", "timed_out"]


def states_of(workflow: str) -> dict[str, dict[str, Any]]:
    """All states of a workflow's file, those inside of maps and branches too."""
    definition = json.loads((ROOT / "workflows" / f"{workflow}.asl.json").read_text())
    return dict(_states(definition))


def _states(graph: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in graph["States"].items():
        yield name, state
        for inner in [state.get("ItemProcessor"), *state.get("Branches", ())]:
            if inner is not None:
                yield from _states(inner)


def mark_of(execution: Execution) -> str | None:
    """The word behind `kill-` in the input of an execution: tests mark their jobs with it."""
    found = _MARK.search(execution.input_json())
    return None if found is None else found[1]


def mark_of_caller(stack: Stack, request: bytes) -> str | None:
    """The mark of the execution whose call id, `ARN|pass|number`, stands in a request."""
    found = _CALL.search(request.decode())
    caller = found and stack.aws.engine.services.store.executions.get(found[1])
    return mark_of(caller) if caller else None


@contextmanager
def killing(
    stack: Stack,
    workflow: str,
    chosen: Callable[[Execution, str], bool],
    manner: Manner = "stopped",
) -> Iterator[dict[str, str]]:
    """Ends an execution as soon as it enters a state that is chosen for it.

    The call of a Task goes out and has its effect, but nobody hears its answer: what an execution
    leaves behind that ends before the call, the state before it left as well. Yields the ARNs of
    those who were ended -> the state.
    """
    machine = stack.outputs[f"{workflow}_arn"]
    killed: dict[str, str] = {}
    running = stack.aws.engine.services.store.running

    def observe(execution: Execution, event: Event) -> None:
        state = state_entered(event)
        if state is None or execution.plan.machine_arn != machine or execution.arn in killed:
            return
        if not chosen(execution, state):
            return
        killed[execution.arn] = state
        if event.type == "TaskStateEntered":
            stack.aws.clock.loop.call_soon(end, execution.arn)
        else:
            end(execution.arn)
            raise asyncio.CancelledError  # or it would go on to the next state that waits

    def end(arn: str) -> None:
        stop: Any = running.get(arn)
        if stop is None:
            del killed[arn]  # it was over with that state
        elif manner == "stopped":
            stop("Killed", "by a test")
        else:
            stop.__self__._time_out()  # as its deadline does

    with events_watched(stack.aws, observe):
        yield killed
