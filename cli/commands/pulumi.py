"""`dej pulumi`: the real Pulumi CLI on this project and the embedded AWS."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.commands.apply import DEFAULT_ENDPOINT, ROOT, EndpointUrl
from cli.errors import CommandError, Diagnostic

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

Arguments = Annotated[
    list[str] | None, typer.Argument(metavar="COMMAND...", help="Pulumi's command and options.")
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(context_settings=_PASSED_ON)(pulumi)


def pulumi(arguments: Arguments = None, endpoint: EndpointUrl = DEFAULT_ENDPOINT) -> None:
    """Run the Pulumi CLI against the embedded AWS: dej pulumi up --stack local."""
    from embedded_aws.provider import ProvisioningError
    from embedded_aws.provider.pulumi_cli import build
    from embedded_aws.provider.pulumi_cli.command import Pulumi

    binary = build.find()
    if binary is None:
        raise CommandError(Diagnostic("The Pulumi CLI is not built yet.", hint="make pulumi"))
    given = arguments or []
    try:
        environment = Pulumi(binary, ROOT, build.FOLDER, endpoint).prepared(given)
    except ProvisioningError as error:
        raise CommandError(Diagnostic(str(error))) from error
    os.chdir(ROOT)
    os.execve(binary, [str(binary), *given], environment)
