"""Calls dbt in this process, with the parsed project that travels in the package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt_runner.place import PARSED, Place
from dbt_runner.request import Request
from dbt_runner.sandbox import TARGET

QUIET = (
    *("--log-level", "none", "--log-level-file", "none", "--no-print"),
    *("--no-use-colors", "--no-version-check"),
)


@dataclass(frozen=True)
class Ended:
    """How dbt ended: its result object if it came so far, the exception that stopped it if not."""

    success: bool
    result: Any
    exception: BaseException | None


def run_dbt(
    request: Request, place: Place, sources: Mapping[str, Any], heard: Callable[[Any], None]
) -> Ended:
    """Runs one command; `heard` gets every event of dbt."""
    from dbt.cli.main import dbtRunner

    _clear(TARGET)
    folders = ("--project-dir", str(place.project), "--profiles-dir", str(place.project))
    arguments = [*QUIET, *request.arguments(sources), *folders, "--target", place.target]
    ended = dbtRunner(manifest=parsed(place, request), callbacks=[heard]).invoke(arguments)
    return Ended(ended.success, ended.result, ended.exception)


def parsed(place: Place, request: Request) -> Any:
    """The parsed project, new for each call because dbt writes into it.

    dbt's own partial parsing would parse again whenever a variable changes, which every build's
    id does; variables are read when a model runs, so the parsed project serves them all.
    None without the file, as in a checkout: dbt parses then.
    """
    file = place.project / PARSED
    if request.command == "debug" or not file.is_file():
        return None
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest: Any = Manifest.from_msgpack(file.read_bytes(), decoder=extended_mashumuro_decoder)
    for node in manifest.nodes.values():
        if node.resource_type == "seed":
            node.root_path = str(place.project)  # where its CSV lies, on this machine
    manifest.build_flat_graph()
    return manifest


def _clear(folder: Path) -> None:
    """An artifact that is there was made by this call."""
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
