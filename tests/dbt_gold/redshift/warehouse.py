"""The dbt project for Redshift: compiled offline, or run by dbt-redshift against the stand-in."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dbt_gold.project import FOLDER
from tests.dbt_gold.redshift import postgres, silver
from tests.dbt_gold.redshift.wire import redshift

CATALOG = Path(__file__).with_name("catalog.sql")


def compiled(folder: Path, form: str) -> dict[str, str]:
    """Every model and singular test as SQL for Redshift, by name, without a connection.

    `form` is `full` or `incremental`: which branch of the incremental models is rendered.
    """
    target = folder / form
    _dbt(["compile", "--no-populate-cache"], target, {"DBT_OFFLINE": form})
    files = (target / "compiled" / "gold_layer").rglob("*.sql")
    return {file.stem: file.read_text() for file in files}


@dataclass(frozen=True)
class Warehouse:
    """A database that answers as Redshift, over one lake; dbt works in it as `user`."""

    folder: Path
    port: int
    superuser: Any
    user: str = postgres.SUPERUSER

    def load(self, lake: Path) -> None:
        """Silver as it is now."""
        silver.load(lake, self.superuser)

    def run(self, *arguments: str, **variables: str) -> dict[str, str]:
        """A dbt command through the real adapter; the status of every node by its name.

        Raises AssertionError with dbt's own output where it did not come to results.
        """
        environment = {
            "REDSHIFT_METHOD": "database",
            "REDSHIFT_HOST": "127.0.0.1",
            "REDSHIFT_PORT": str(self.port),
            "REDSHIFT_USER": self.user,
            "REDSHIFT_PASSWORD": "-",
            "REDSHIFT_SSLMODE": "disable",
        }
        target = self.folder / "target"
        results = target / "run_results.json"
        results.unlink(missing_ok=True)
        said = _dbt([*arguments, "--vars", json.dumps(variables)], target, environment, check=False)
        assert results.exists(), said
        found = json.loads(results.read_text())["results"]
        return {one["unique_id"]: _status(one) for one in found if one["unique_id"].count(".") >= 2}

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of PostgreSQL itself, past the adapter."""
        cursor = self.superuser.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall())


@contextmanager
def warehouse(folder: Path, tls: ssl.SSLContext | None = None) -> Iterator[Warehouse]:
    """An empty warehouse with Redshift's catalog; `folder` takes dbt's artifacts.

    With `tls` it takes only secured connections.
    """
    with postgres.server() as port:
        superuser = postgres.connect(port)
        superuser.cursor().execute(CATALOG.read_text())
        superuser.close()
        # The search path of the database holds for connections made after it was set.
        superuser = postgres.connect(port)
        with redshift(port, tls) as public_port:
            yield Warehouse(folder, public_port, superuser)
        superuser.close()


def _status(result: Mapping[str, Any]) -> str:
    message = result.get("message") or ""
    return (
        str(result["status"])
        if result["status"] in ("success", "pass")
        else (f"{result['status']}: {message}")
    )


def _dbt(
    words: list[str], target: Path, environment: Mapping[str, str], *, check: bool = True
) -> str:
    """One dbt process for the target `redshift`; returns what it said."""
    where = ["--project-dir", str(FOLDER), "--profiles-dir", str(FOLDER)]
    where += ["--target-path", str(target), "--log-path", str(target / "logs")]
    program = "from dbt.cli.main import cli; cli()"
    done = subprocess.run(
        [sys.executable, "-c", program, *words, *where],
        env={**os.environ, "DBT_TARGET": "redshift", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout[-4000:] + done.stderr[-4000:]
    assert not check or done.returncode == 0, said
    return said
