"""`dej spend`: what model calls cost today, and the daily ceiling."""

from __future__ import annotations

import typer

from cli.output import output
from cli.stack import LOCAL, Endpoint, StackName, open_stack

spend_app = typer.Typer(help="Show today's spending; lift its ceiling.")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.add_typer(spend_app, name="spend")


@spend_app.callback(invoke_without_command=True)
def spend(context: typer.Context, stack: StackName = LOCAL, endpoint: Endpoint = None) -> None:
    """Show what calls cost today (UTC), per model and in all, and the ceiling."""
    if context.invoked_subcommand is not None:
        return
    from cli.enrichment.slots import lifted, read_models, spent_today

    place = open_stack(stack, endpoint)
    day = place.now().date().isoformat()
    models = read_models(place)
    for model in models:
        usd = round(model.spent.get(day, 0.0), 6)
        output.record({"model": model.model, "usd": usd}, f"{usd:10.4f} USD  {model.model}")
    total, ceiling = spent_today(models, day), place.settings.enrichment.daily_spend_ceiling_usd
    by = lifted(place, day)
    record = {"day": day, "usd": round(total, 6), "ceiling_usd": ceiling, "lifted_by": by}
    output.record(record, f"{total:10.4f} USD  on {day}, {_ceiling(total, ceiling, by)}")


@spend_app.command()
def lift(stack: StackName = LOCAL, endpoint: Endpoint = None) -> None:
    """Lift today's ceiling: calls get slots again until midnight UTC."""
    from cli.enrichment import slots

    place = open_stack(stack, endpoint)
    day = place.now().date().isoformat()
    by = slots.lift(place, day)
    output.record({"day": day, "lifted_by": by}, f"No ceiling on {day}: lifted by {by}.")


def _ceiling(total: float, ceiling: float | None, by: str | None) -> str:
    if ceiling is None:
        return "no ceiling is set (enrichment.daily_spend_ceiling_usd)"
    if by is not None:
        return f"the ceiling of {ceiling:g} USD was lifted by {by}"
    if total >= ceiling:
        return f"the ceiling of {ceiling:g} USD is reached: `dej spend lift` goes on for today"
    return f"of {ceiling:g} USD"
