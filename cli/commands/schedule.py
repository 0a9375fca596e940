"""`dej schedule`: what starts work by itself, pausing it and going on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import output
from cli.stack import LOCAL, Endpoint, StackName, open_stack

if TYPE_CHECKING:
    from cli.enrichment.switches import Switch

schedule_app = typer.Typer(help="Show, pause and resume schedules and pipes.")

Only = Annotated[
    str | None,
    typer.Option("--only", help="One schedule or pipe, as `dej schedule list` names it."),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.add_typer(schedule_app, name="schedule", no_args_is_help=True)


@schedule_app.command("list")
def list_switches(stack: StackName = LOCAL, endpoint: Endpoint = None) -> None:
    """Show every schedule and pipe, and whether it runs."""
    from cli.enrichment.switches import switches

    for switch in switches(open_stack(stack, endpoint)):
        _show(switch, _state(switch))


@schedule_app.command()
def pause(stack: StackName = LOCAL, endpoint: Endpoint = None, only: Only = None) -> None:
    """Start nothing new: running calls end, who waits for a slot stays in the queue."""
    from cli.enrichment import switches

    place = open_stack(stack, endpoint)
    for switch in switches.chosen(place, only):
        _show(switch, "paused" if switches.pause(place, switch) else _state(switch))


@schedule_app.command()
def resume(stack: StackName = LOCAL, endpoint: Endpoint = None, only: Only = None) -> None:
    """Go on: what was paused, or what --only names even where the settings switch it off."""
    from cli.enrichment import switches

    place = open_stack(stack, endpoint)
    for switch in switches.chosen(place, only):
        wanted = switch.paused or only is not None
        _show(switch, "running" if wanted and switches.resume(place, switch) else _state(switch))


def _show(switch: Switch, state: str) -> None:
    record = {
        "name": switch.name,
        "kind": switch.kind,
        "state": state,
        "detail": switch.detail,
    }
    output.record(record, f"{state:<8} {switch.kind:<9} {switch.name:<24} {switch.detail}")


def _state(switch: Switch) -> str:
    if switch.runs:
        return "running"
    return "paused" if switch.paused else "off"
