"""`dej slots`: how many calls of a model may run at once, and which do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import output
from cli.stack import LOCAL, Endpoint, StackName, open_stack

if TYPE_CHECKING:
    from cli.enrichment.slots import Model

slots_app = typer.Typer(help="Show the slots of models; set a limit.")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.add_typer(slots_app, name="slots")


@slots_app.callback(invoke_without_command=True)
def slots(context: typer.Context, stack: StackName = LOCAL, endpoint: Endpoint = None) -> None:
    """Show each model's limit, the calls that hold its slots, its circuit, its spending today."""
    if context.invoked_subcommand is not None:
        return
    from cli.enrichment.slots import read_models

    place = open_stack(stack, endpoint)
    day = place.now().date().isoformat()
    for model in read_models(place):
        output.record(_record(model, day), _text(model, day))


@slots_app.command()
def limit(
    model: Annotated[str, typer.Argument(help="Model id, as `dej slots` shows it.")],
    calls: Annotated[int, typer.Argument(metavar="N", help="Calls at once; 0 starts none.", min=0)],
    stack: StackName = LOCAL,
    endpoint: Endpoint = None,
) -> None:
    """Set how many calls of a model may run at once, from now on."""
    from cli.enrichment.slots import set_limit

    place = open_stack(stack, endpoint)
    before = set_limit(place, model, calls)
    record = {"model": model, "before": before, "limit": calls}
    output.record(record, f"{model}: {before} -> {calls} slots")
    output.say(
        "The next deployment sets it back; to make it last: pulumi config set --path "
        f"'settings.enrichment.slot_limits[\"{model}\"]' {calls} --stack {place.name}"
    )


def _record(model: Model, day: str) -> dict[str, Any]:
    return {
        "model": model.model,
        "limit": model.limit,
        "used": len(model.owners),
        "owners": model.owners,
        "circuit": model.circuit,
        "spent_today_usd": round(model.spent.get(day, 0.0), 6),
    }


def _text(model: Model, day: str) -> str:
    lines = [
        f"{model.model}: {len(model.owners)} of {model.limit} slots used, "
        f"circuit {model.circuit}, {model.spent.get(day, 0.0):.4f} USD today"
    ]
    oldest_first = sorted(model.owners.items(), key=lambda owner: owner[1])
    lines += [f"  since {since}  {call}" for call, since in oldest_first]
    return "\n".join(lines)
