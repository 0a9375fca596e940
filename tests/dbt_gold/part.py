"""A part of the dbt project in a folder of its own, which is parsed in a second."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.dbt_gold.project import FOLDER


def part_of_the_project(
    folder: Path, static_dimensions: Sequence[str] = (), seeds: Sequence[str] = ()
) -> Path:
    """All macros, a few static dimensions (without `dim_`) with their seeds, and other seeds."""
    project = folder / "dbt_gold"
    shutil.copytree(FOLDER / "macros", project / "macros")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(FOLDER / name, project / name)
    models = project / "models" / "dimensions"
    models.mkdir(parents=True)
    (project / "seeds").mkdir()
    for name in [*static_dimensions, *seeds]:
        shutil.copy(FOLDER / "seeds" / f"seed_{name}.csv", project / "seeds")
    for name in static_dimensions:
        shutil.copy(FOLDER / "models" / "dimensions" / f"dim_{name}.sql", models)
    return project


def dbt(project: Path, *words: str, target: str = "duckdb") -> str:
    """One dbt command; returns what it printed. Its database is analytics.duckdb in the folder.

    For Redshift nothing may need a connection. Raises AssertionError with dbt's words.
    """
    environment = {"DBT_TARGET": target, "DUCKDB_PATH": str(project / "analytics.duckdb")}
    if target == "redshift":
        environment["DBT_OFFLINE"] = "full"
    where = ["--project-dir", str(project), "--profiles-dir", str(project)]
    where += ["--target-path", str(project / target), "--log-path", str(project / "logs")]
    done = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *words, *where],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
