"""The program of a stack as the checks run it: without AWS, without building packages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embedded_aws.provider.config import Project, load_project
from embedded_aws.provider.preview import Resources, preview_project

PROGRAM = Path(__file__).parent / "stack" / "__main__.py"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Stack:
    """What the program registers for one stack."""

    name: str
    region: str
    resources: Resources

    def inputs(self, kind: str, name: str) -> Mapping[str, Any]:
        """The inputs of the resource of a kind (the end of its type, `Bucket`) and a name."""
        (found,) = (r for r in self.resources if r.type.endswith(f":{kind}") and r.name == name)
        inputs: Mapping[str, Any] = found.inputs
        return inputs

    def statements(self, role: str) -> dict[str, Mapping[str, Any]]:
        """What the role of a function, workflow or schedule may do, by Sid."""
        document = json.loads(self.inputs("RolePolicy", role)["policy"])
        return {statement["Sid"]: statement for statement in document["Statement"]}

    def definitions(self) -> dict[str, str]:
        """Rendered workflow definitions by workflow."""
        machines = self.resources.of_type("aws:sfn/stateMachine:StateMachine")
        return {machine.name: machine.inputs["definition"] for machine in machines}

    def policies(self) -> dict[str, Mapping[str, Any]]:
        """Every policy document, trust policies included, by kind and name of its resource."""
        return {
            f"{resource.type.rsplit(':', 1)[-1]} {resource.name}": json.loads(
                resource.inputs[document]
            )
            for resource in self.resources
            for document in ("policy", "assumeRolePolicy")
            if document in resource.inputs
        }


def look(root: Path, stack: str) -> Stack:
    """The stack of `Pulumi.<stack>.yaml` in `root`. Raises what the program raises."""
    return look_at(load_project(root, stack))


def look_at(project: Project) -> Stack:
    """A stack whose configuration is at hand."""
    registered = preview_project(replace(project, program=PROGRAM))
    return Stack(project.stack, project.config.get("aws:region", DEFAULT_REGION), registered)
