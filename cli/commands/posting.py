"""`dej posting`: everything that is known of one posting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import CommandError, Diagnostic
from cli.output import output
from cli.stack import LOCAL, Endpoint, StackName, open_stack

if TYPE_CHECKING:
    from cli.enrichment.versions import Version


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(posting)


def posting(
    id: Annotated[str, typer.Argument(metavar="ID", help="The job posting id.")],
    stack: StackName = LOCAL,
    endpoint: Endpoint = None,
) -> None:
    """Show a posting's versions, passes, executions, Bronze keys, last error and what is next."""
    from cli.enrichment.versions import bronze_keys, next_action, read_versions

    place = open_stack(stack, endpoint)
    versions = read_versions(place, id)
    if not versions:
        raise CommandError(
            Diagnostic(
                f"Nothing is known of posting {id} in stack {place.name}.",
                note="it was never taken up, or the id is another",
                hint="dej dlq list",
            )
        )
    keys = list(bronze_keys(place, id))
    for version in versions:
        mine = [key for key in keys if _belongs(key, version)]
        shown = _record(version) | {"bronze": mine, "next": next_action(place, version)}
        output.record(shown, _text(version, shown))


def _belongs(key: str, version: Version) -> bool:
    """Whether an object is of this version: its name ends in the first digits of a pass's key."""
    return any(f"-{found.get('key', '?')[:12]}" in key for found in version.passes.values())


def _record(version: Version) -> dict[str, Any]:
    item = version.item
    return {
        "id": version.id,
        "content_hash": version.content_hash,
        "status": version.status,
        "updated_at": item.get("updatedAt"),
        "partition": item.get("partition"),
        "failed_runs": item.get("retryCount", 0),
        "passes": version.passes,
        "executions": version.executions,
        "last_error": version.last_error,
    }


def _text(version: Version, shown: dict[str, Any]) -> str:
    lines = [
        f"{version.id}  content {version.content_hash[:12]}  {version.status}"
        f"  {shown['updated_at'] or '-'}  partition {shown['partition'] or '-'}"
    ]
    lines += [f"  {name}  {pass_line(found)}" for name, found in version.passes.items()]
    lines += [f"  execution  {name}" for name in version.executions]
    lines += [f"  bronze     {key}" for key in shown["bronze"]]
    lines += [f"  last error  {version.last_error}"] if version.last_error else []
    return "\n".join([*lines, f"  next       {shown['next']}"])


def pass_line(found: dict[str, Any]) -> str:
    """A pass's record in one line."""
    cost = found.get("cost_usd")
    parts = [
        found.get("status", "?"),
        found.get("model", "?"),
        f"{found.get('input_tokens', 0):,} + {found.get('output_tokens', 0):,} tokens",
        "cost unknown" if cost is None else f"{cost:.6f} USD",
        f"attempts {found.get('attempts', 0)}",
        "cached" if found.get("cached") else "",
        found.get("error", ""),
    ]
    return "  ".join(str(part) for part in parts if part)
