"""A secret appears in the resource it is meant for and nowhere else."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import ProvisioningError
from tests.embedded_aws.provider.projects import SmallProject, actions

CONFIG = "config: {secretive:token: hunter2-hunter2}"
PROGRAM = """
token = pulumi.Config().require_secret("token")
bucket = aws.s3.Bucket("b", bucket="secretive-b", force_destroy=True, tags={"plain": "x"})
tagged = aws.s3.Bucket("t", bucket="secretive-t", tags={"token": token})
note = aws.s3.BucketObjectv2(
    "o", bucket=bucket.bucket, key="o", content=pulumi.Output.concat("token=", token))
pulumi.export("token", token)
pulumi.export("note", note.content)
pulumi.export("tags", tagged.tags_all)
"""


@pytest.fixture
def project(tmp_path: Path, data_plane: Endpoint) -> SmallProject:
    return SmallProject(tmp_path, "secretive", data_plane)


def test_state_outputs_and_progress_hold_no_secret(project: SmallProject) -> None:
    applied = project.apply(PROGRAM, CONFIG)
    body = project.endpoint.client("s3").get_object(Bucket="secretive-b", Key="o")["Body"].read()
    assert body == b"token=hunter2-hunter2"
    assert applied.outputs == dict.fromkeys(("note", "tags", "token"), "[secret]")
    for text in (project.state_file.read_text(), repr(applied), repr(project.seen)):
        assert "hunter2" not in text
    assert stat.S_IMODE(project.state_file.stat().st_mode) == 0o600
    assert project.apply().changed == []

    rotated = project.apply(PROGRAM, CONFIG.replace("hunter2", "hunter3"))
    assert actions(rotated) == {"o": "update", "t": "update"}
    assert {change.properties for change in rotated.changed} == {("content",), ("tags",)}
    assert project.apply().changed == []
    project.destroy()


def test_same_secret_has_another_hash_in_another_state(project: SmallProject) -> None:
    project.apply(PROGRAM, CONFIG)
    first = project.state_file.read_text()
    project.destroy()
    project.apply()
    second = project.state_file.read_text()
    project.destroy()
    assert hashes(first).isdisjoint(hashes(second))


def test_refusal_of_the_service_is_told_without_the_secret(project: SmallProject) -> None:
    program = """
    token = pulumi.Config().require_secret("token")
    aws.lambda_.Function(
        "a", name="secretive-a", runtime="python3.12", handler="main.handler",
        code=pulumi.AssetArchive({"main.py": pulumi.StringAsset("")}),
        role=pulumi.Output.concat("arn:aws:iam::123456789012:role/", token))
    """
    with pytest.raises(
        ProvisioningError,
        match=r"Function a: CreateFunction is refused with InvalidParameterValueException "
        r"\(details are withheld, because role is secret\)$",
    ) as refusal:
        project.apply(program, CONFIG)
    assert "hunter2" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


def test_name_must_not_hold_a_secret(project: SmallProject) -> None:
    program = 'aws.s3.Bucket("a", bucket=pulumi.Config().require_secret("token"))'
    with pytest.raises(ProvisioningError, match=r"^aws:s3/bucket:Bucket a: its name holds a secr"):
        project.apply(program, CONFIG)
    assert not project.state_file.exists() or "hunter2" not in project.state_file.read_text()


def test_encrypted_configuration_needs_the_cli(project: SmallProject) -> None:
    config = "config: {secretive:token: {secure: v1:abc}}"
    with pytest.raises(
        ProvisioningError,
        match=r"^Pulumi\.local\.yaml: secretive:token is encrypted, which only the Pulumi CLI can",
    ):
        project.apply(PROGRAM, config)


def hashes(text: str) -> set[str]:
    found = set(re.findall(r'"\$sealed": "(\w+)"', text))
    assert found
    return found
