"""The `dej` command: one Typer application, one module per command in `cli/commands`.

A command module exposes `register(app)` and imports what is slow inside its functions, so that
`dej --help` stays fast. Errors are raised as `CommandError` and shown here, nowhere else.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Annotated

import typer

from cli import commands
from cli.errors import CommandError, Diagnostic, ExitCode
from cli.output import output

app = typer.Typer(
    name="dej",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate data-engineer-jobs, on AWS or on the embedded AWS of this machine.",
)


@app.callback()
def options(
    json: Annotated[bool, typer.Option("--json", help="Print data as JSON lines.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Global options; they stand before the command."""
    output.json = json
    output.debug = debug


def register_commands() -> None:
    """Lets every module of `cli/commands` add its command."""
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(app)


register_commands()


def main() -> None:
    """Console script: exit codes are those of `ExitCode`."""
    try:
        app(prog_name="dej")
    except Exception as error:
        if output.debug:
            raise
        diagnostic = _diagnose(error)
        output.fail(diagnostic)
        sys.exit(diagnostic.code)


def _diagnose(error: Exception) -> Diagnostic:
    if isinstance(error, CommandError):
        return error.diagnostic
    if type(error).__module__.startswith(("botocore", "boto3")):
        from cli.aws import diagnose

        return diagnose(error)
    if isinstance(error, OSError) and error.filename:
        return Diagnostic(
            f"{error.filename}: {error.strerror}.", note="dej must be able to read and write it"
        )
    return Diagnostic(
        f"{type(error).__name__}: {error}",
        ExitCode.FAILED,
        note="this is a defect of dej",
        hint="the same command with --debug before it shows where",
    )


if __name__ == "__main__":
    main()
