"""Lakes and built databases, made once per session and read by all workers."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dbt_gold.generated import generate
from tests.dbt_gold.joined import write_joined
from tests.dbt_gold.project import Project
from tests.dbt_gold.small import write_small

Gold = Callable[[Path], Project]
Seeded = Callable[[Path, Path], Project]
POSTINGS = 2_000


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """once(name, make): the folder `name` that the first worker to ask for it has made."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "gold"
    root.mkdir(exist_ok=True)

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, marker = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not marker.exists():
                make(folder)
                marker.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def seeded(once: Callable[[str, Callable[[Path], None]], Path]) -> Seeded:
    """seeded(folder, lake): a database in the folder, over the lake, that holds the seeds alone."""

    def copy(folder: Path, lake: Path) -> Project:
        def make(origin: Path) -> None:
            Project(origin, origin / "lake").succeed("seed")

        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(Project(once("seeds", make), lake).database, folder)
        return Project(folder, lake)

    return copy


@pytest.fixture(scope="session")
def gold(once: Callable[[str, Callable[[Path], None]], Path], seeded: Seeded) -> Gold:
    """gold(lake): seeds and models built over it, to be read; `copied` gives one to change."""

    def build(lake: Path) -> Project:
        def make(folder: Path) -> None:
            seeded(folder, lake).succeed("run")

        return Project(once(f"{lake.name}-built", make), lake)

    return build


@pytest.fixture(scope="session")
def generated_lake(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """2,000 made-up postings."""
    return once("generated", lambda root: generate(root, POSTINGS))


@pytest.fixture(scope="session")
def joined_lake(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The real enriched rows on real postings; for tests marked `shared`."""
    return once("joined", write_joined)


@pytest.fixture(scope="session")
def small_lake(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Eleven made-up postings that can be worked out by hand."""
    return once("small", write_small)


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Project], Project]:
    """Copies of a built database and of its lake, to be changed at will."""

    def copy(project: Project) -> Project:
        folder = tmp_path / "copy"
        folder.mkdir()
        shutil.copy(project.database, folder / project.database.name)
        shutil.copytree(project.lake, folder / "lake")
        return replace(project, folder=folder, lake=folder / "lake")

    return copy
