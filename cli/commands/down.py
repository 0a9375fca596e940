"""`dej down`: ends the embedded AWS."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import local_server
from cli.errors import CommandError, Diagnostic
from cli.local_server import DEFAULT_PORT, LAST_PORT
from cli.output import output


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(down)


def down(
    port: Annotated[
        int, typer.Option(help="Port of the embedded AWS to end.", min=1, max=LAST_PORT)
    ] = DEFAULT_PORT,
) -> None:
    """End the embedded AWS; with --data its state is saved first."""
    record = local_server.find(port)
    if record is None:
        output.say(f"No embedded AWS runs on port {port}.")
        return
    if local_server.status(record) is None:
        output.fail(local_server.died(record))
        record.remove()
        return
    if not local_server.end(record):
        raise CommandError(
            Diagnostic(
                f"The embedded AWS on port {port} does not end (process {record.pid}).",
                note="what it saved last is kept",
                hint=f"kill -9 {record.pid}",
            )
        )
    output.record({"port": port, "pid": record.pid, "ended": True}, f"ended process {record.pid}")
