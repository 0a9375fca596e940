"""Looking at a program without AWS: resolved inputs, deterministic placeholders, configuration."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from embedded_aws.provider import ProvisioningError
from embedded_aws.provider.config import load_project
from embedded_aws.provider.preview import Resources, preview
from tests.embedded_aws.provider.projects import SmallProject

PROGRAM = """
class Pair(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:lake:Pair", name)
        child = pulumi.ResourceOptions(parent=self)
        self.key = aws.kms.Key("key", opts=child)
        self.group = aws.cloudwatch.LogGroup(
            "group", name="/small", kms_key_id=self.key.arn, retention_in_days=30, opts=child)

pair = Pair("pair")
document = aws.iam.get_policy_document(statements=[{
    "actions": ["s3:GetObject"], "resources": ["*"],
    "principals": [{"type": "Service", "identifiers": ["states.amazonaws.com"]}],
    "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount",
                    "values": [aws.get_caller_identity().account_id]}]}])
role = aws.iam.Role("role", name="small", assume_role_policy=document.json)
aws.sfn.StateMachine("machine", name="small", role_arn=role.arn, definition=json.dumps({}),
    logging_configuration={"level": "ERROR", "include_execution_data": False,
                           "log_destination": pulumi.Output.concat(pair.group.arn, ":*")})
pulumi.export("group", pair.group.arn)
pulumi.export("region", aws.get_region().region)
pulumi.export("partition", aws.get_partition().partition)
"""


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    found = SmallProject(tmp_path, "small")
    found.write(PROGRAM)
    return found


def named(resources: Resources) -> dict[str, object]:
    return {resource.name: resource.inputs for resource in resources}


def test_inputs_are_resolved_with_placeholders(project: SmallProject) -> None:
    resources = preview(project.folder, "local")
    machine = resources.of_type("aws:sfn/stateMachine:StateMachine")[0]
    assert machine.inputs == {
        "name": "small",
        "roleArn": "arn:aws:iam::123456789012:role/small",
        "definition": "{}",
        "loggingConfiguration": {
            "level": "ERROR",
            "includeExecutionData": False,
            "logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:/small:*",
        },
    }
    assert machine.outputs["type"] == "STANDARD"
    assert machine.outputs["arn"] == machine.id
    assert resources.exports == {
        "group": "arn:aws:logs:us-east-1:123456789012:log-group:/small",
        "partition": "aws",
        "region": "us-east-1",
    }


def test_two_looks_are_equal_and_in_dependency_order(project: SmallProject) -> None:
    first, second = (preview(project.folder, "local") for _ in range(2))
    assert first == second
    order = [resource.name for resource in first]
    assert order.index("key") < order.index("group") < order.index("machine")
    assert first[order.index("group")].dependencies[0].endswith("kms/key:Key::key")


def test_policy_document(project: SmallProject) -> None:
    role = preview(project.folder, "local").of_type("aws:iam/role:Role")[0]
    assert '"Condition": {\n        "StringEquals"' in role.inputs["assumeRolePolicy"]
    assert '"Service": "states.amazonaws.com"' in role.inputs["assumeRolePolicy"]


def test_works_inside_a_running_loop(project: SmallProject) -> None:
    async def look() -> int:
        return len(preview(project.folder, "local"))

    assert asyncio.run(look()) == 4


def test_working_directory_and_path_are_as_before(project: SmallProject) -> None:
    import os
    import sys

    before = (os.getcwd(), list(sys.path))
    project.write("raise ValueError('broken')")
    with pytest.raises(ValueError, match=r"^broken$"):
        preview(project.folder, "local")
    assert (os.getcwd(), sys.path) == before


def test_configuration_with_defaults(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: small\n"
        "config:\n"
        "  plain: 1\n"
        "  small:typed: {type: integer, default: 2}\n"
        "  other:valued: {value: {deep: true}}\n"
        "  required: {type: string}\n"
    )
    (tmp_path / "Pulumi.local.yaml").write_text(
        "config:\n  plain: x\n  small:flag: true\n  aws:region: us-east-1\n"
    )
    assert load_project(tmp_path, "local").config == {
        "small:plain": "x",
        "small:typed": "2",
        "other:valued": '{"deep": true}',
        "small:flag": "true",
        "aws:region": "us-east-1",
    }


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"^Pulumi\.yaml does not exist in "),
        (
            {"Pulumi.yaml": "name: small", "Pulumi.dev.yaml": ""},
            r"^there is no stack local: Pulumi\.local\.yaml does not exist \(stacks: dev\)$",
        ),
        (
            {"Pulumi.yaml": "name: small", "Pulumi.local.yaml": "a: ["},
            r"^Pulumi\.local\.yaml is not valid YAML: ",
        ),
        ({"Pulumi.yaml": "- a"}, r"^Pulumi\.yaml must hold a mapping$"),
        (
            {"Pulumi.yaml": "runtime: python", "Pulumi.local.yaml": ""},
            r"^Pulumi\.yaml: name is missing$",
        ),
        ({"Pulumi.yaml": "name: small", "Pulumi.local.yaml": ""}, r"has no __main__\.py$"),
    ],
)
def test_unusable_projects(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ProvisioningError, match=message):
        preview(tmp_path, "local")
