"""`dej marts`: what the job market of data engineers looks like, from Gold's aggregations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.output import output
from cli.stack import LOCAL, Endpoint, StackName

Source = Annotated[
    Path | None,
    typer.Argument(
        metavar="SOURCE",
        help="DuckDB file of a build, or a folder that --export has written; default: what the "
        "stack has built.",
    ),
]
Plot = Annotated[Path | None, typer.Option(help="Draw the marts into this .png, .svg or .pdf.")]
Export = Annotated[Path | None, typer.Option(help="Write the tables as Parquet to this folder.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(marts)


def marts(
    source: Source = None,
    plot: Plot = None,
    export: Export = None,
    stack: StackName = LOCAL,
    endpoint: Endpoint = None,
) -> None:
    """Show most wanted skills, salary by seniority, best hour to apply, companies hiring."""
    from cli.marts import queries, show
    from cli.marts import source as tables
    from cli.marts.plot import draw, require_format

    if plot:
        require_format(plot)
    with tempfile.TemporaryDirectory() as folder:
        place = source or tables.fetched(stack, endpoint, Path(folder))
        with tables.opened(place) as connection:
            found = queries.marts(connection)
            files = tables.export(connection, export) if export else []
    show.print_marts(found)
    if plot:
        draw(found, plot)
        output.say(f"Drew {plot}.")
    if export:
        output.say(f"Wrote {len(files)} Parquet files to {export}.")
