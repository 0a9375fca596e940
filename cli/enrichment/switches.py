"""Schedules and pipes of a stack: what starts work by itself, and how to pause it.

A schedule that is paused carries a mark in its description, so that going on does not switch on
what the settings switch off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.stack import PROJECT, Stack

PAUSED = "paused by dej at "
# GetSchedule's answer has more than UpdateSchedule takes; the description is only ever our mark.
_NOT_KEPT = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata", "Description")


@dataclass(frozen=True)
class Switch:
    """A schedule or a pipe. `runs` is whether it starts work; `paused` whether dej stopped it."""

    name: str
    kind: str
    runs: bool
    paused: bool
    detail: str


def switches(stack: Stack) -> list[Switch]:
    """All schedules, then all pipes, by name."""
    return [*_schedules(stack), *_pipes(stack)]


def chosen(stack: Stack, only: str | None) -> list[Switch]:
    """Those of that name, all without one. Raises CommandError if there is none."""
    found = switches(stack)
    if only is None:
        return found
    named = [switch for switch in found if only in (switch.name, stack.thing(switch.name))]
    if not named:
        raise CommandError(
            Diagnostic(
                f"Stack {stack.name} has no schedule or pipe {only}.",
                ExitCode.USAGE,
                note=f"it has {', '.join(sorted({switch.name for switch in found})) or 'none'}",
            )
        )
    return named


def pipe_runs(stack: Stack, name: str) -> bool:
    """Whether a pipe hands messages on, or is to within moments."""
    found = stack.client("pipes").describe_pipe(Name=stack.thing(name))
    return bool(found["DesiredState"] == "RUNNING")


def pause(stack: Stack, switch: Switch) -> bool:
    """Stops one; False if it did not run."""
    if not switch.runs:
        return False
    if switch.kind == "pipe":
        stack.client("pipes").stop_pipe(Name=stack.thing(switch.name))
    else:
        since = stack.now().isoformat(timespec="seconds")
        _update(stack, switch.name, State="DISABLED", Description=f"{PAUSED}{since}")
    return True


def resume(stack: Stack, switch: Switch) -> bool:
    """Starts one again; False if it runs already."""
    if switch.runs:
        return False
    if switch.kind == "pipe":
        stack.client("pipes").start_pipe(Name=stack.thing(switch.name))
    else:
        _update(stack, switch.name, State="ENABLED")
    return True


def _schedules(stack: Stack) -> Iterator[Switch]:
    client, group = stack.client("scheduler"), stack.thing("schedules")
    for page in client.get_paginator("list_schedules").paginate(GroupName=group):
        for entry in page["Schedules"]:
            found = client.get_schedule(GroupName=group, Name=entry["Name"])
            yield Switch(
                name=_short(stack, entry["Name"]),
                kind="schedule",
                runs=found["State"] == "ENABLED",
                paused=found.get("Description", "").startswith(PAUSED),
                detail=found["ScheduleExpression"],
            )


def _pipes(stack: Stack) -> Iterator[Switch]:
    client = stack.client("pipes")
    for page in client.get_paginator("list_pipes").paginate(NamePrefix=stack.thing("")):
        for entry in page["Pipes"]:
            # The prefix of stack `dev` is that of a stack `dev-2`, too: the tags tell them apart.
            tags = client.describe_pipe(Name=entry["Name"]).get("Tags", {})
            if (tags.get("Project"), tags.get("Environment")) == (PROJECT, stack.name):
                runs = entry["DesiredState"] == "RUNNING"
                source = entry["Source"].rsplit(":", 1)[-1]
                target = entry["Target"].rsplit(":", 1)[-1]
                yield Switch(
                    _short(stack, entry["Name"]), "pipe", runs, not runs, f"{source} -> {target}"
                )


def _update(stack: Stack, name: str, **changed: str) -> None:
    """UpdateSchedule replaces a schedule: all but the changes and the mark is given again."""
    client, group = stack.client("scheduler"), stack.thing("schedules")
    found = client.get_schedule(GroupName=group, Name=stack.thing(name))
    kept: dict[str, Any] = {key: value for key, value in found.items() if key not in _NOT_KEPT}
    client.update_schedule(**{**kept, **changed})


def _short(stack: Stack, name: str) -> str:
    return name.removeprefix(stack.thing(""))
