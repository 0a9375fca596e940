"""The project's own program: two stacks beside each other, a second apply, nothing left."""

from __future__ import annotations

from pathlib import Path

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import apply, destroy
from tests.embedded_aws.provider.projects import ROOT, everything


def test_two_stacks_live_side_by_side_and_leave_nothing(
    data_plane: Endpoint, tmp_path: Path
) -> None:
    before = everything(data_plane)
    states = {stack: tmp_path / f"{stack}.json" for stack in ("local", "dev")}
    for stack, file in states.items():
        first = apply(ROOT, stack, data_plane, file)
        assert {str(change.action) for change in first.changes} == {"create"}
    for stack, file in states.items():
        assert apply(ROOT, stack, data_plane, file).changed == []
    for stack, file in states.items():
        destroy(stack, data_plane, file)
    assert everything(data_plane) == before
    assert list(tmp_path.iterdir()) == []
