"""The dbt project run in this process, on a DuckDB file of its own.

Parsing takes longer than a small build, so a worker parses once and hands every run a copy of
the manifest: databases are all called `analytics`, and no model's configuration reads a variable.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

FOLDER = Path(__file__).resolve().parents[2] / "dbt_gold"
STARTED_AT = "2026-02-01 07:00:00"

Row = dict[str, Any]


class DbtFailed(AssertionError):
    """A command that was to succeed did not; the message has every failed node's."""


@dataclass(frozen=True)
class Node:
    """What became of a node: success, pass, warn, error, fail or skipped."""

    name: str
    kind: str
    status: str
    failures: int
    message: str
    critical: bool


@dataclass
class Project:
    """One database over one lake; `folder` holds the database, target and logs."""

    folder: Path
    lake: Path
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / "analytics.duckdb"

    def build(self, *arguments: str, started_at: str = STARTED_AT, **variables: Any) -> list[Node]:
        """`dbt build` without unit tests. Raises DbtFailed if a model or a test failed."""
        options = ("--exclude-resource-type", "unit_test", *arguments)
        return self.succeed("build", *options, started_at=started_at, **variables)

    def succeed(self, command: str, *arguments: str, **variables: Any) -> list[Node]:
        """A command all of whose nodes succeed. Raises DbtFailed."""
        nodes = self.run(command, *arguments, **variables)
        bad = [node for node in nodes if node.status in ("error", "fail", "runtime error")]
        if bad:
            raise DbtFailed("\n".join(f"{node.name}: {node.message}" for node in bad))
        return nodes

    def run(
        self, command: str, *arguments: str, started_at: str = STARTED_AT, **variables: Any
    ) -> list[Node]:
        """Any command; returns its nodes. Raises DbtFailed if it did not come so far."""
        result = self.ended(command, *arguments, started_at=started_at, **variables).result
        assert isinstance(result, RunExecutionResult)
        return [_node(one) for one in result]

    def ended(
        self,
        command: str,
        *arguments: str,
        started_at: str = STARTED_AT,
        without: Collection[str] = (),
        **variables: Any,
    ) -> dbtRunnerResult:
        """As `run`, with dbt's own result. The tests of the names `without` do not exist."""
        given = {
            "silver_root": str(self.lake),
            "run_id": f"run-{started_at}",
            "run_started_at": started_at,
            **self.variables,
            **variables,
        }
        words = [command, *arguments, "--vars", json.dumps(given)]
        with _dbt(self.folder) as options:
            result = dbtRunner(manifest=_manifest(without)).invoke([*words, *options])
        if not isinstance(result.result, RunExecutionResult):
            raise DbtFailed(f"dbt {' '.join(words)}: {result.exception}")
        return result

    def rows(self, query: str) -> list[Row]:
        """What a query on the database gives."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            found = connection.execute(query)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def execute(self, statement: str) -> None:
        """A change to the database that no model makes: a planted defect."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(statement)


@contextmanager
def _dbt(folder: Path) -> Iterator[list[str]]:
    """Environment and options of one call; afterwards dbt holds neither database nor adapter."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        "DUCKDB_PATH": str(folder / "analytics.duckdb"),
        "DBT_TARGET": "duckdb",
        "DBT_LOG_LEVEL": "none",
    }
    options = ["--project-dir", str(FOLDER), "--profiles-dir", str(FOLDER)]
    options += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    with patch.dict(os.environ, environment):
        _forget()
        try:
            yield options
        finally:
            _forget()


def _forget() -> None:
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    reset_adapters()  # type: ignore[no-untyped-call]


def _manifest(without: Collection[str]) -> Manifest:
    """A copy: running changes a manifest."""
    copy: Manifest = _parsed().deepcopy()  # type: ignore[no-untyped-call]
    for id in [id for id, node in copy.nodes.items() if node.name in without]:
        del copy.nodes[id]
    return copy


@cache
def _parsed() -> Manifest:
    with tempfile.TemporaryDirectory() as folder, _dbt(Path(folder)) as options:
        result = dbtRunner().invoke(["parse", *options])
    if not isinstance(result.result, Manifest):
        raise DbtFailed(f"dbt parse: {result.exception}")
    return result.result


def _node(result: Any) -> Node:
    node = result.node
    return Node(
        name=node.name,
        kind=str(node.resource_type),
        status=str(result.status),
        failures=result.failures or 0,
        message=result.message or "",
        critical="critical" in node.tags,
    )
