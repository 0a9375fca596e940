"""What ran: a tree of executions with the seconds of each state, read from their histories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any


@dataclass
class Node:
    """An execution or a state of it, from its first entry to its last exit; `note` says more."""

    name: str
    status: str
    seconds: float
    note: str = ""
    children: list[Node] = field(default_factory=list)


def execution_tree(states: Any, arn: str) -> Node:
    """The execution, its states in the order they were entered, and what those started.

    `states` is a boto3 client of Step Functions. Of a Distributed Map only its counts and times
    are kept: its children may be thousands.
    """
    run = states.describe_execution(executionArn=arn)
    node = Node(
        name=run["stateMachineArn"].rsplit(":", 1)[1],
        status=run["status"],
        seconds=_seconds(run["startDate"], run.get("stopDate")),
    )
    open_states: dict[str, Node] = {}
    first: dict[str, datetime] = {}  # iterations of a Map enter the same state
    for event in history(states, arn):
        kind = event["type"]
        if kind.endswith("StateEntered"):
            name = event["stateEnteredEventDetails"]["name"]
            first.setdefault(name, event["timestamp"])
            if name not in open_states:
                open_states[name] = Node(name, "", 0.0)
                node.children.append(open_states[name])
        elif kind.endswith("StateExited"):
            name = event["stateExitedEventDetails"]["name"]
            open_states[name].seconds = _seconds(first[name], event["timestamp"])
        elif kind == "TaskSubmitted":
            child = _started_execution(event)
            if child:
                open_states[_entered_last(open_states)].children.append(
                    execution_tree(states, child)
                )
        elif kind == "MapRunStarted":
            owner = open_states[_entered_last(open_states)]
            owner.note = _map_note(states, event["mapRunStartedEventDetails"]["mapRunArn"])
    return node


def history(states: Any, arn: str) -> Iterator[dict[str, Any]]:
    """All events of an execution, oldest first."""
    for page in states.get_paginator("get_execution_history").paginate(executionArn=arn):
        yield from page["events"]


def _entered_last(open_states: dict[str, Node]) -> str:
    """The state that was entered last; a Map's iterations share the name of their state."""
    return list(open_states)[-1]


def _started_execution(event: dict[str, Any]) -> str | None:
    details = event["taskSubmittedEventDetails"]
    if details["resourceType"] != "states":
        return None
    arn = json.loads(details["output"]).get("ExecutionArn")
    return str(arn) if arn else None


def _map_note(states: Any, map_run: str) -> str:
    counts = states.describe_map_run(mapRunArn=map_run)["itemCounts"]
    seconds = sorted(
        _seconds(child["startDate"], child.get("stopDate"))
        for page in states.get_paginator("list_executions").paginate(mapRunArn=map_run)
        for child in page["executions"]
    )
    note = f"{counts['succeeded']} of {counts['total']} succeeded"
    if not seconds:
        return note
    return f"{note}; each {seconds[0]:.2f} s to {seconds[-1]:.2f} s, median {median(seconds):.2f} s"


def _seconds(start: datetime, stop: datetime | None) -> float:
    return (stop - start).total_seconds() if stop else 0.0
