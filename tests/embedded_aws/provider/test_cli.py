"""The real Pulumi CLI against the embedded AWS. Selected where `make pulumi` has built it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider.clients import Clients
from embedded_aws.provider.pulumi_cli import build
from embedded_aws.provider.pulumi_cli.command import Pulumi
from embedded_aws.provider.resource import ProvisioningError
from embedded_aws.server import EmbeddedAws
from tests.embedded_aws.provider.projects import ROOT, SmallProject, everything

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FAILED = 1
NO_CHANGES, CHANGES = 0, 7  # exit codes of --expect-no-changes


@dataclass
class Cli:
    """The CLI on one project."""

    pulumi: Pulumi

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Output of a command that ends with this exit code."""
        done = subprocess.run(
            [self.pulumi.binary, *arguments, "--non-interactive"],
            cwd=self.pulumi.root,
            env=self.pulumi.prepared(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def steps(self, *arguments: str) -> dict[str, tuple[str, dict[str, str]]]:
        """What a preview would do to resources of AWS: URN -> (operation, path -> kind)."""
        report = json.loads(self("preview", "--json", *arguments))
        return {
            step["urn"]: (step["op"], _kinds(step.get("detailedDiff") or {}))
            for step in report["steps"]
            if step["op"] != "same" and "aws:" in step["urn"].split("::")[2]
        }

    def steps_by_name(self) -> dict[str, tuple[str, dict[str, str]]]:
        return {urn.split("::")[-1]: step for urn, step in self.steps().items()}

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the CLI's state, providers and the stack itself left out."""
        state = json.loads(self("stack", "export"))["deployment"]
        return [entry for entry in state.get("resources", []) if entry["type"].startswith("aws:")]


def _kinds(diff: dict[str, Any]) -> dict[str, str]:
    return {path: entry["kind"] for path, entry in diff.items()}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    folder = tmp_path / "project"
    folder.mkdir()
    return SmallProject(folder, f"cli-{tmp_path.name[:40].replace('_', '-')}")


@pytest.fixture
def cli(project: SmallProject, tmp_path: Path, data_plane: Endpoint) -> Cli:
    return Cli(_pulumi(project.folder, tmp_path, data_plane))


def _pulumi(root: Path, tmp_path: Path, endpoint: Endpoint) -> Pulumi:
    binary = build.find()
    assert binary is not None
    return Pulumi(binary, root, tmp_path / "pulumi", endpoint.url)


def test_whole_program_comes_stays_changes_and_goes(tmp_path: Path, data_plane: Endpoint) -> None:
    cli = Cli(_pulumi(ROOT, tmp_path, data_plane))
    settings = (ROOT / "Pulumi.local.yaml").read_bytes()
    before = everything(data_plane)

    planned = cli.steps()
    assert {operation for operation, _ in planned.values()} == {"create"}
    assert everything(data_plane) == before, "a preview touches nothing"
    cli("up", "--yes", "--skip-preview")
    assert len(cli.resources()) == len(planned)
    cli("up", "--yes", "--skip-preview", "--expect-no-changes")
    cli("preview", "--expect-no-changes", code=NO_CHANGES)
    cli("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    setting = ("--config", f"data-engineer-jobs:settings={_settings(retention_days=7)}")
    changed = cli.steps(*setting)
    assert {operation for operation, _ in changed.values()} == {"update"}
    assert {tuple(diff.items()) for _, diff in changed.values()} == {
        (("retentionInDays", "update"),)
    }
    cli("up", "--yes", "--skip-preview", *setting)
    groups = data_plane.client("logs").describe_log_groups()["logGroups"]
    kept_longer = {g["logGroupName"] for g in groups if g["retentionInDays"] != 7}
    assert {name.split("/")[1] for name in kept_longer} == {"dbt"}, "results of dbt have their own"

    cli("destroy", "--yes", "--skip-preview")
    assert everything(data_plane) == before
    assert cli.resources() == []
    assert (ROOT / "Pulumi.local.yaml").read_bytes() == settings


def _settings(retention_days: int) -> str:
    """The settings of the stack local, with another retention of logs, as JSON."""
    file = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())
    settings = file["config"]["data-engineer-jobs:settings"]
    return json.dumps({**settings, "logs": {"retention_days": retention_days}})


LAKE = """
lake = aws.s3.Bucket("lake", bucket="NAME", force_destroy=True, tags={"a": "1"})
note = aws.s3.BucketObjectv2("note", bucket=lake.bucket, key="note", content="hello")
pulumi.export("arn", lake.arn)
"""


def test_change_is_shown_and_applied(cli: Cli, project: SmallProject, aws: Clients) -> None:
    project.write(LAKE)
    cli("up", "--yes")
    assert json.loads(cli("stack", "output", "--json")) == {"arn": f"arn:aws:s3:::{project.name}"}
    project.write(LAKE.replace('"a": "1"', '"a": "2", "b": "3"').replace("hello", "bye"))
    assert cli.steps_by_name() == {
        "lake": ("update", {"tags.a": "update", "tags.b": "add"}),
        "note": ("update", {"content": "update"}),
    }
    shown = cli("preview", "--diff")
    assert '~ a: "1" => "2"' in shown
    assert '+ b: "3"' in shown
    cli("preview", "--expect-no-changes", code=CHANGES)
    cli("up", "--yes")
    cli("preview", "--expect-no-changes", code=NO_CHANGES)
    found = aws("s3").get_object(Bucket=project.name, Key="note")["Body"].read()
    assert found == b"bye"


def test_drift_is_noticed_and_repaired(cli: Cli, project: SmallProject, aws: Clients) -> None:
    project.write(LAKE)
    cli("up", "--yes")
    aws("s3").delete_bucket_tagging(Bucket=project.name)
    aws("s3").delete_object(Bucket=project.name, Key="note")
    cli("refresh", "--preview-only", "--expect-no-changes", code=CHANGES)
    shown = cli("refresh", "--yes", "--diff")
    assert "s3/bucket:Bucket: (update)" in shown
    assert "s3/bucketObjectv2:BucketObjectv2: (delete)" in shown
    assert {name: operation for name, (operation, _) in cli.steps_by_name().items()} == {
        "lake": "update",
        "note": "create",
    }
    cli("up", "--yes")
    cli("refresh", "--yes", "--expect-no-changes")
    assert aws("s3").get_bucket_tagging(Bucket=project.name)["TagSet"] == [
        {"Key": "a", "Value": "1"}
    ]


ROLE = """
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"Service": "lambda.amazonaws.com"}}]}
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets",
         "Resource": "*"}]}
role = aws.iam.Role("role", name="NAME", path="/one/", assume_role_policy=json.dumps(trust))
policy = aws.iam.RolePolicy("policy", name="p", role=role.name, policy=json.dumps(allow))
"""


def test_replacement_takes_along_what_is_fixed_to_it(
    cli: Cli, project: SmallProject, aws: Clients
) -> None:
    project.write(ROLE)
    cli("up", "--yes")
    project.write(ROLE.replace("/one/", "/two/"))
    assert cli.steps_by_name() == {
        "role": ("replace", {"path": "update-replace"}),
        "policy": ("replace", {}),  # the CLI's own conclusion: it is fixed to the role
    }
    cli("up", "--yes")
    assert aws("iam").get_role(RoleName=project.name)["Role"]["Path"] == "/two/"
    assert aws("iam").list_role_policies(RoleName=project.name)["PolicyNames"] == ["p"]
    cli("preview", "--expect-no-changes", code=NO_CHANGES)
    project.write(ROLE.replace("/one/", "/two/").replace('"NAME"', '"NAME-new"'))
    cli("up", "--yes")
    names = {role["RoleName"] for role in aws("iam").list_roles()["Roles"]}
    assert f"{project.name}-new" in names
    assert project.name not in names


SECRET = """
word = pulumi.Config().require_secret("word")
topic = aws.sns.Topic("topic", name="NAME", display_name=word, tags={"open": "shown", "key": word})
pulumi.export("word", topic.display_name)
"""


def test_secrets_are_ciphertext(
    cli: Cli, project: SmallProject, aws: Clients, tmp_path: Path
) -> None:
    project.write(SECRET)
    told = ""
    for word in ("hunter2-first", "hunter2-second"):
        cli("config", "set", "--secret", "word", word)
        told += cli("preview", "--diff")
        told += cli("up", "--yes", "--diff")
    told += cli("refresh", "--yes", "--diff")
    assert json.loads(cli("stack", "output", "--json")) == {"word": "[secret]"}
    assert "hunter2" not in told
    topics = [topic["TopicArn"] for topic in aws("sns").list_topics()["Topics"]]
    (arn,) = [arn for arn in topics if arn.endswith(f":{project.name}")]
    about = aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    assert about["DisplayName"] == "hunter2-second"
    (topic,) = cli.resources()
    assert "ciphertext" in topic["inputs"]["displayName"]
    assert topic["outputs"]["tags"]["open"] == "shown"
    states = list((tmp_path / "pulumi").rglob("*.json*"))
    assert states
    for file in states:
        assert "hunter2" not in file.read_text()
    assert cli("stack", "output", "word", "--show-secrets").strip() == "hunter2-second"


def test_failure_keeps_what_was_done(cli: Cli, project: SmallProject, aws: Clients) -> None:
    aws("s3").create_bucket(Bucket=f"{project.name}-other")
    project.write(
        LAKE + 'aws.s3.Bucket("other", bucket="NAME-other", opts=pulumi.ResourceOptions('
        "depends_on=[note]))"
    )
    told = cli("up", "--yes", "--skip-preview", code=FAILED)
    assert f"{project.name}-other exists already and does not belong to this stack" in told
    assert {entry["urn"].split("::")[-1] for entry in cli.resources()} == {"lake", "note"}
    aws("s3").delete_bucket(Bucket=f"{project.name}-other")
    cli("up", "--yes", "--skip-preview")
    cli("preview", "--expect-no-changes", code=NO_CHANGES)


def test_half_created_resource_is_completed(
    cli: Cli, project: SmallProject, aws: Clients, server: EmbeddedAws
) -> None:
    project.write(LAKE)
    server.faults.fail("s3:PutBucketTagging", "InternalError", 500)
    told = cli("up", "--yes", "--skip-preview", code=FAILED)
    assert "planned by a test" in told
    (lake,) = cli.resources()
    assert (lake["id"], len(lake["initErrors"])) == (project.name, 1)
    cli("up", "--yes", "--skip-preview")
    assert aws("s3").get_bucket_tagging(Bucket=project.name)["TagSet"]
    cli("refresh", "--yes", "--expect-no-changes")


def test_errors_of_the_program_are_told(cli: Cli, project: SmallProject) -> None:
    project.write('raise pulumi.RunError("settings are wrong")')
    told = cli("preview", code=FAILED)
    assert "settings are wrong" in told
    assert "Traceback" not in told
    project.write("def fail():\n    return 1 / 0\n\n\nfail()\n")
    told = cli("preview", code=FAILED)
    assert "ZeroDivisionError: division by zero" in told
    assert "runpy" not in told
    project.write('aws.s3.Bucket("a", bucket="NAME", acl="private")')
    told = cli("preview", code=FAILED)
    assert "is not supported for aws:s3/bucket:Bucket here: leave it out" in told
    project.write('aws.s3.Bucket("a", bucket=pulumi.Output.secret("hunter2-bucket"))')
    told = cli("preview", code=FAILED)
    assert "holds a secret" in told
    assert "hunter2" not in told


def test_a_stack_needs_its_file(cli: Cli, project: SmallProject) -> None:
    project.write("")
    with pytest.raises(ProvisioningError, match=r"no stack prod: Pulumi\.prod\.yaml is missing"):
        cli.pulumi.prepared(["up", "--stack", "prod"])
