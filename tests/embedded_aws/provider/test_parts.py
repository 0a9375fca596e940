"""The small parts: content of assets, data sources, waiting, tags."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pulumi
import pytest
from botocore.exceptions import ClientError

from embedded_aws.provider.assets import Content, from_pulumi
from embedded_aws.provider.aws.lookups import invoke
from embedded_aws.provider.aws.tags import tag_changes, tag_map
from embedded_aws.provider.clients import or_none, wait_until
from embedded_aws.provider.resource import Place, ProvisioningError

PLACE = Place("123456789012", "us-east-1")


def names(content: Content) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_archives_of_the_same_files_have_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "a.py").write_text("a")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("b.py", "b")
    parts: dict[str, pulumi.Asset | pulumi.Archive] = {
        "code": pulumi.FileArchive("package"),
        "lib": pulumi.FileArchive("other.zip"),
        "note.txt": pulumi.StringAsset("note"),
        "copy.py": pulumi.FileAsset("package/a.py"),
    }
    archive_ = from_pulumi(pulumi.AssetArchive(parts), tmp_path)
    assert names(archive_) == {
        "code/a.py": b"a",
        "copy.py": b"a",
        "lib/b.py": b"b",
        "note.txt": b"note",
    }
    again = from_pulumi(pulumi.AssetArchive(dict(reversed(parts.items()))), tmp_path)
    assert again == archive_
    assert (
        from_pulumi(pulumi.FileArchive("other.zip"), tmp_path).data
        == (tmp_path / "other.zip").read_bytes()
    )


def test_remote_assets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^remote assets are not supported: https://host/a$"):
        from_pulumi({"source": pulumi.RemoteAsset("https://host/a")}, tmp_path)


def test_policy_document() -> None:
    statement = {
        "sid": "Read",
        "effect": "Deny",
        "actions": ["s3:GetObject", "s3:PutObject"],
        "resources": ["*"],
        "principals": [{"type": "AWS", "identifiers": ["a", "b"]}],
        "conditions": [
            {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
            {"test": "StringLike", "variable": "s3:prefix", "values": ["a/*", "b/*"]},
        ],
    }
    anybody = {"notActions": ["s3:*"], "principals": [{"type": "*", "identifiers": ["*"]}]}
    arguments = {"statements": [statement, anybody], "policyId": "id"}
    found = invoke("aws:iam/getPolicyDocument:getPolicyDocument", arguments, PLACE)
    assert (
        json.loads(found["json"])
        == json.loads(found["minifiedJson"])
        == {
            "Version": "2012-10-17",
            "Id": "id",
            "Statement": [
                {
                    "Sid": "Read",
                    "Effect": "Deny",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": "*",
                    "Principal": {"AWS": ["a", "b"]},
                    "Condition": {
                        "Bool": {"aws:SecureTransport": "false"},
                        "StringLike": {"s3:prefix": ["a/*", "b/*"]},
                    },
                },
                {"Effect": "Allow", "NotAction": "s3:*", "Principal": "*"},
            ],
        }
    )


@pytest.mark.parametrize(
    ("token", "arguments", "message"),
    [
        (
            "aws:iam/getPolicyDocument:getPolicyDocument",
            {"overrideJson": "{}"},
            r"^getPolicyDocument: overrideJson is not supported$",
        ),
        (
            "aws:index/getRegion:getRegion",
            {"region": "eu-west-1"},
            r"^getRegion: eu-west-1 is not the region us-east-1 of this stack$",
        ),
        ("aws:ec2/getVpc:getVpc", {}, r"^the data source aws:ec2/getVpc:getVpc is not supported"),
    ],
)
def test_refused_data_sources(token: str, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ProvisioningError, match=message):
        invoke(token, arguments, PLACE)


def test_only_not_found_is_none() -> None:
    def fail(code: str) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "m"}}, "Get")

    assert or_none(lambda: fail("NoSuchBucket")) is None
    with pytest.raises(ClientError):
        or_none(lambda: fail("AccessDenied"))


def test_waiting_ends_with_a_sentence() -> None:
    answers = iter([False, False, True])
    wait_until("it", lambda: next(answers))
    with pytest.raises(ProvisioningError, match=r"^it did not happen within 0\.02 seconds$"):
        wait_until("it", lambda: False, seconds=0.02)


def test_tags() -> None:
    assert tag_map([{"Key": "a", "Value": "1"}, {"Key": "aws:x", "Value": "2"}]) == {"a": "1"}
    changes = tag_changes({"tags": {"a": "1", "b": "1"}}, {"tags": {"a": "2", "c": "3"}})
    assert changes == (["b"], {"a": "2", "c": "3"})
