"""`dej destroy`: takes away what `dej apply` made."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.commands.apply import (
    DEFAULT_ENDPOINT,
    EndpointUrl,
    Stack,
    StateFile,
    diagnosed,
    require_server,
    show,
    state_file,
    summary,
)
from cli.errors import ExitCode
from cli.output import output

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(destroy)


def destroy(
    stack: Stack = "local",
    endpoint: EndpointUrl = DEFAULT_ENDPOINT,
    state: StateFile = None,
    yes: Yes = False,
) -> None:
    """Delete every resource of the stack from the embedded AWS, and its data with it."""
    from embedded_aws import provider
    from embedded_aws.endpoint import Endpoint

    file = state or state_file(stack, endpoint)
    if not file.exists():
        output.say(f"Nothing to destroy: stack {stack} was not applied to {endpoint}.")
        return
    require_server(endpoint)
    if not yes and not typer.confirm(f"Destroy stack {stack} at {endpoint} and all its data?"):
        raise typer.Exit(ExitCode.FAILED)
    with diagnosed(stack):
        destroyed = provider.destroy(stack, Endpoint(endpoint), file, progress=show)
    output.say(f"{summary(destroyed.changes) or 'Nothing to destroy'}.")
