"""Small Pulumi projects for tests: a program text, applied to a data plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import Applied, Change, apply, destroy

ROOT = Path(__file__).parents[3]
NOWHERE = Endpoint("http://127.0.0.1:9")

LISTS: list[tuple[str, str, str]] = [
    ("dynamodb", "list_tables", "TableNames"),
    ("glue", "get_databases", "DatabaseList"),
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


@dataclass
class SmallProject:
    """A project folder whose program can be exchanged; `name` is unique, for physical names."""

    folder: Path
    name: str
    endpoint: Endpoint = NOWHERE
    seen: list[Change] = field(default_factory=list)

    @property
    def state_file(self) -> Path:
        return self.folder / "state" / "local.json"

    def write(self, program: str, config: str = "") -> None:
        """`NAME` in the program is the project's name."""
        header = "import json\nimport pulumi\nimport pulumi_aws as aws\n"
        text = header + dedent(program).replace("NAME", self.name)
        (self.folder / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime: python\n")
        (self.folder / "Pulumi.local.yaml").write_text(dedent(config) or "config: {}\n")
        (self.folder / "__main__.py").write_text(text)

    def apply(self, program: str | None = None, config: str = "") -> Applied:
        if program is not None:
            self.write(program, config)
        self.seen.clear()
        return apply(self.folder, "local", self.endpoint, self.state_file, self.seen.append)

    def destroy(self) -> Applied:
        return destroy("local", self.endpoint, self.state_file)


def actions(applied: Applied) -> dict[str, str]:
    """What happened to each resource that did not stay as it was, by name."""
    return {change.name: str(change.action) for change in applied.changed}


def everything(endpoint: Endpoint) -> dict[str, list[Any]]:
    """What exists in the account, by operation."""
    found = {}
    for service, operation, key in LISTS:
        call: Callable[..., dict[str, Any]] = getattr(endpoint.client(service), operation)
        scope = {"Scope": "Local"} if operation == "list_policies" else {}
        found[f"{service}.{operation}"] = call(**scope)[key]
    return found
