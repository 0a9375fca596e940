"""The `dej` command: one Typer application, one module per command in `cli/commands`."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="dej",
    no_args_is_help=True,
    add_completion=False,
    help="Operate data-engineer-jobs, on AWS or on the embedded AWS of this machine.",
)


def main() -> None:
    """Console script."""
    app()
