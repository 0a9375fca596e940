"""Parses a dbt project once, at packaging time, so that a function need not.

What dbt leaves for its partial parsing is the parsed project. It also says when and where it was
made: that is taken out, so that equal projects give equal bytes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack

FILE = "partial_parse.msgpack"
WAREHOUSES: Mapping[str, str] = {"aws": "redshift", "local": "duckdb"}
_DBT = "from dbt.cli.main import cli; cli()"
# What differs between two parses of one project, and what stands in its place.
_NEUTRAL: Mapping[str, Any] = {
    "created_at": 0.0,
    "modification_time": 0.0,
    "generated_at": "1970-01-01T00:00:00.000000Z",
    "invocation_started_at": "1970-01-01T00:00:00.000000Z",
    "run_started_at": "1970-01-01T00:00:00.000000+00:00",
    "invocation_id": "",
    "root_path": "",
    "project_root": "",
}


class ParseError(Exception):
    """dbt refuses the project; the message holds its words."""


def parse(project: Path, target: str, scratch: Path) -> Path:
    """The file, in `scratch`, with the project parsed for the warehouse of a package target.

    Needs no connection. Raises ParseError.
    """
    command = [
        *(sys.executable, "-c", _DBT, "--quiet", "--no-use-colors"),
        *("--no-send-anonymous-usage-stats", "parse", "--no-partial-parse"),
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target", WAREHOUSES[target], "--target-path", str(scratch)),
        *("--log-path", str(scratch)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())[-600:]
        raise ParseError(f"{project.name} cannot be parsed for {WAREHOUSES[target]}: {said}")
    file = scratch / FILE
    file.write_bytes(_neutral(file.read_bytes()))
    return file


def _neutral(parsed: bytes) -> bytes:
    found = msgpack.unpackb(parsed, raw=False, strict_map_key=False)
    return bytes(msgpack.packb(_without_traces(found), use_bin_type=True))


def _without_traces(value: Any, key: str = "") -> Any:
    """A table may have a column of such a name: only plain values are traces."""
    if isinstance(value, dict):
        return {name: _without_traces(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_traces(inner) for inner in value]
    return _NEUTRAL.get(key, value)
