"""`dej status`: says what runs in the embedded AWS."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import local_server
from cli.errors import CommandError
from cli.local_server import DEFAULT_PORT, LAST_PORT
from cli.output import output


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(status)


def status(
    port: Annotated[
        int, typer.Option(help="Port of the embedded AWS.", min=1, max=LAST_PORT)
    ] = DEFAULT_PORT,
) -> None:
    """Say what runs: address, process, state folder, machines and executions."""
    record = local_server.find(port)
    if record is None:
        raise CommandError(local_server.absent(port))
    answer = local_server.status(record)
    if answer is None:
        raise CommandError(local_server.died(record))
    output.record({**answer, "log": record.log})
