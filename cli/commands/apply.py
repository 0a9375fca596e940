"""`dej apply`: makes the embedded AWS what the Pulumi program says."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import local_server
from cli.errors import CommandError, Diagnostic, ExitCode
from cli.local_server import DEFAULT_PORT
from cli.output import output

if TYPE_CHECKING:
    from embedded_aws.provider import Change

ROOT = Path(__file__).parents[2]

Stack = Annotated[str, typer.Option(help="Stack: the name in Pulumi.<stack>.yaml.")]
EndpointUrl = Annotated[str, typer.Option("--endpoint", help="URL of the embedded AWS.")]
StateFile = Annotated[
    Path | None,
    typer.Option("--state", help="File that records what was applied; default: in build/stacks."),
]
DEFAULT_ENDPOINT = f"http://127.0.0.1:{DEFAULT_PORT}"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(apply)


def apply(
    stack: Stack = "local", endpoint: EndpointUrl = DEFAULT_ENDPOINT, state: StateFile = None
) -> None:
    """Make the embedded AWS what the program says; a second time changes nothing."""
    from embedded_aws import provider
    from embedded_aws.endpoint import Endpoint

    began = time.monotonic()
    require_server(endpoint)
    file = state or state_file(stack, endpoint)
    with diagnosed(stack):
        applied = provider.apply(ROOT, stack, Endpoint(endpoint), file, progress=show)
    for name, value in applied.outputs.items():
        output.record({"output": name, "value": value}, f"{name} = {value}")
    seconds = time.monotonic() - began
    if applied.changed:
        output.say(f"{summary(applied.changes)} in {seconds:.1f} s.")
    else:
        count = len(applied.changes)
        resources = "1 resource is" if count == 1 else f"{count} resources are"
        output.say(f"Nothing to change: {resources} as declared.")


def require_server(endpoint: str) -> None:
    """Raises CommandError if no embedded AWS answers at the URL."""
    if not re.fullmatch(r"http://[\w.-]+:\d+", endpoint):
        raise CommandError(
            Diagnostic(
                f"--endpoint is {endpoint!r}: give a URL such as {DEFAULT_ENDPOINT}.",
                ExitCode.USAGE,
            )
        )
    if local_server.asked(endpoint) is None:
        raise CommandError(
            Diagnostic(
                f"No embedded AWS answers at {endpoint}.",
                ExitCode.REFUSED,
                hint=f"dej up --detach --port {endpoint.rpartition(':')[2]}",
            )
        )


def state_file(stack: str, endpoint: str) -> Path:
    """One file per stack and embedded AWS."""
    place = re.sub(r"\W+", "-", endpoint.partition("://")[2])
    return ROOT / "build" / "stacks" / f"{stack}@{place}.json"


def show(change: Change) -> None:
    """A row of the change table; what stays as it is has none."""
    if change.action == "same":
        return
    properties = list(change.properties)
    row: dict[str, Any] = {
        "action": str(change.action),
        "type": change.type,
        "name": change.name,
        "id": change.id,
        "properties": properties,
    }
    kind = f"{change.type.split(':')[1].split('/')[0]}.{change.type.rsplit(':', 1)[1]}"
    detail = f"  ({', '.join(properties)})" if properties else ""
    output.record(row, f"{change.action:<8} {kind:<42} {change.name}{detail}")


def summary(changes: list[Change]) -> str:
    """`3 created, 54 same`."""
    words = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    counts = Counter(str(change.action) for change in changes)
    return ", ".join(f"{count} {words.get(action, action)}" for action, count in counts.items())


def first_cause(error: BaseException) -> BaseException:
    """What the program raised, below the layers in which Pulumi wraps it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


@contextmanager
def diagnosed(stack: str) -> Iterator[None]:
    """Failures as a sentence; what was done until then is recorded."""
    import pulumi

    from embedded_aws.provider import ProvisioningError

    try:
        yield
    except ProvisioningError as error:
        first, *others = str(error).splitlines()
        raise CommandError(Diagnostic(first, context="\n    ".join(others) or None)) from error
    except Exception as error:
        cause = first_cause(error)
        if isinstance(cause, pulumi.RunError):  # raised for people, see infra/platform.py
            raise CommandError(_refused(stack, str(cause).splitlines())) from error
        raise CommandError(
            Diagnostic(
                f"The program of stack {stack} failed: {type(cause).__name__}.",
                context=str(cause),
                hint=f"dej --debug apply --stack {stack}",
            )
        ) from error


def _refused(stack: str, problems: list[str]) -> Diagnostic:
    if len(problems) == 1:
        return Diagnostic(problems[0], ExitCode.USAGE)
    return Diagnostic(
        f"Pulumi.{stack}.yaml has {len(problems)} problems.",
        ExitCode.USAGE,
        context="\n    ".join(problems),
    )
