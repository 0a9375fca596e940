"""The project's own program: two stacks beside each other, a second apply, nothing left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import apply, destroy

ROOT = Path(__file__).parents[3]

LISTS: list[tuple[str, str, str]] = [
    ("dynamodb", "list_tables", "TableNames"),
    ("iam", "list_policies", "Policies"),
    ("iam", "list_roles", "Roles"),
    ("kms", "list_aliases", "Aliases"),
    ("lambda", "list_functions", "Functions"),
    ("lambda", "list_layers", "Layers"),
    ("logs", "describe_log_groups", "logGroups"),
    ("s3", "list_buckets", "Buckets"),
    ("scheduler", "list_schedules", "Schedules"),
    ("stepfunctions", "list_state_machines", "stateMachines"),
]


def everything(endpoint: Endpoint) -> dict[str, list[Any]]:
    """What exists in the account, by operation."""
    found = {}
    for service, operation, key in LISTS:
        call: Callable[..., dict[str, Any]] = getattr(endpoint.client(service), operation)
        scope = {"Scope": "Local"} if operation == "list_policies" else {}
        found[f"{service}.{operation}"] = call(**scope)[key]
    return found


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
