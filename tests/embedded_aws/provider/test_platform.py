"""The project's own program: two stacks beside each other, a second apply, nothing left."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import apply, destroy
from tests.embedded_aws.provider.projects import ROOT, everything

# A stack of AWS on the embedded one, where no Redshift is.
EMBEDDED = """
    functions:
      package_target: local
    gold:
      engine: duckdb
      parallel_steps: 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The program with its stacks `local` and `dev`, the second with its star schema in DuckDB."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Pulumi.yaml", "__main__.py", "Pulumi.local.yaml"):
        shutil.copy(ROOT / name, folder)
    dev = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8").rstrip()
    (folder / "Pulumi.dev.yaml").write_text(dev + EMBEDDED, encoding="utf-8")
    return folder


def test_two_stacks_live_side_by_side_and_leave_nothing(
    data_plane: Endpoint, project: Path, tmp_path: Path
) -> None:
    before = everything(data_plane)
    states = {stack: tmp_path / "states" / f"{stack}.json" for stack in ("local", "dev")}
    for stack, file in states.items():
        first = apply(project, stack, data_plane, file)
        assert {str(change.action) for change in first.changes} == {"create"}
    for stack, file in states.items():
        assert apply(project, stack, data_plane, file).changed == []
    for stack, file in states.items():
        destroy(stack, data_plane, file)
    assert everything(data_plane) == before
    assert list((tmp_path / "states").iterdir()) == []
