"""Programs applied to a running data plane: create, same, change, replace, remove, destroy."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import ProvisioningError
from tests.embedded_aws.provider.projects import SmallProject, actions

LAKE = """
tags = {"Project": "NAME", "Environment": "local", "Component": "lake"}
bucket = aws.s3.Bucket("lake", bucket="NAME-lake", force_destroy=True, tags=tags)
aws.s3.BucketVersioning(
    "lake", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}
)
role = aws.iam.Role("reader", name="NAME-reader", assume_role_policy=json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                   "Action": "sts:AssumeRole"}]}))
aws.iam.RolePolicy("reader", name="read", role=role.name, policy=pulumi.Output.json_dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": bucket.arn}]}))
pulumi.export("bucket", bucket.bucket)
pulumi.export("role", role.arn)
"""


@pytest.fixture
def project(tmp_path: Path, data_plane: Endpoint, request: pytest.FixtureRequest) -> SmallProject:
    name = request.node.name.replace("_", "-").removeprefix("test-")[:40]
    return SmallProject(tmp_path, name, data_plane)


def buckets(project: SmallProject) -> set[str]:
    found = project.endpoint.client("s3").list_buckets()["Buckets"]
    return {entry["Name"] for entry in found if entry["Name"].startswith(f"{project.name}-")}


def test_second_apply_changes_nothing(project: SmallProject) -> None:
    first = project.apply(LAKE)
    assert actions(first) == {"lake": "create", "reader": "create"}
    assert first.outputs == {
        "bucket": f"{project.name}-lake",
        "role": f"arn:aws:iam::123456789012:role/{project.name}-reader",
    }
    before = project.state_file.read_text()
    second = project.apply()
    assert second.changed == []
    assert len(second.changes) == 4
    assert second.outputs == first.outputs
    assert project.state_file.read_text() == before


def test_destroy_leaves_nothing(project: SmallProject) -> None:
    project.apply(LAKE)
    s3 = project.endpoint.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=f"{project.name}-lake", Key="k", Body=body)
    s3.delete_object(Bucket=f"{project.name}-lake", Key="k")
    gone = [change.type for change in project.destroy().changes]
    assert gone.index("aws:s3/bucketVersioning:BucketVersioning") < gone.index(
        "aws:s3/bucket:Bucket"
    )
    assert gone.index("aws:iam/rolePolicy:RolePolicy") < gone.index("aws:iam/role:Role")
    assert buckets(project) == set()
    roles = project.endpoint.client("iam").list_roles()["Roles"]
    assert f"{project.name}-reader" not in {role["RoleName"] for role in roles}
    assert list(project.state_file.parent.iterdir()) == []
    assert project.destroy().changes == []


def test_full_bucket_is_not_destroyed_without_force(project: SmallProject) -> None:
    project.apply('aws.s3.Bucket("a", bucket="NAME-a")')
    project.endpoint.client("s3").put_object(Bucket=f"{project.name}-a", Key="k", Body=b"")
    with pytest.raises(
        ProvisioningError,
        match=r"^aws:s3/bucket:Bucket a: bucket .*-a is not empty: empty it, or set forceDestroy",
    ):
        project.destroy()
    assert buckets(project) == {f"{project.name}-a"}
    project.apply('aws.s3.Bucket("a", bucket="NAME-a", force_destroy=True)')
    project.destroy()
    assert buckets(project) == set()


def test_change_update_in_place(project: SmallProject) -> None:
    project.apply(LAKE)
    applied = project.apply(LAKE.replace('"s3:GetObject"', '"s3:PutObject"'))
    assert [(change.type, change.properties) for change in applied.changed] == [
        ("aws:iam/rolePolicy:RolePolicy", ("policy",))
    ]
    policy = project.endpoint.client("iam").get_role_policy(
        RoleName=f"{project.name}-reader", PolicyName="read"
    )
    assert policy["PolicyDocument"]["Statement"][0]["Action"] == "s3:PutObject"


def test_rename_replaces_and_moves_dependents(project: SmallProject) -> None:
    project.apply(LAKE)
    applied = project.apply(LAKE.replace("NAME-lake", "NAME-pond"))
    assert {(change.type.split(":")[-1], str(change.action)) for change in applied.changed} == {
        ("Bucket", "replace"),
        ("BucketVersioning", "replace"),
        ("RolePolicy", "update"),
    }
    assert buckets(project) == {f"{project.name}-pond"}
    assert project.apply().changed == []


def test_replacement_under_the_same_name_takes_what_is_fixed_to_it_along(
    project: SmallProject,
) -> None:
    project.apply(LAKE)
    applied = project.apply(
        LAKE.replace('"reader", name="NAME-reader"', '"reader", path="/x/", name="NAME-reader"')
    )
    assert [(change.type.split(":")[-1], str(change.action)) for change in applied.changed] == [
        ("Role", "replace"),
        ("RolePolicy", "replace"),
    ]
    assert applied.outputs["role"].endswith(f"role/x/{project.name}-reader")
    assert project.apply().changed == []


def test_undeclared_resources_are_deleted_last(project: SmallProject) -> None:
    project.apply(LAKE)
    applied = project.apply('aws.s3.Bucket("other", bucket="NAME-other")')
    kinds = [str(change.action) for change in applied.changed]
    assert kinds == ["create", "delete", "delete", "delete", "delete"]
    assert buckets(project) == {f"{project.name}-other"}


def test_drift_is_repaired(project: SmallProject) -> None:
    project.apply(LAKE)
    iam, s3 = project.endpoint.client("iam"), project.endpoint.client("s3")
    iam.delete_role_policy(RoleName=f"{project.name}-reader", PolicyName="read")
    s3.put_bucket_versioning(
        Bucket=f"{project.name}-lake", VersioningConfiguration={"Status": "Suspended"}
    )
    s3.delete_bucket_tagging(Bucket=f"{project.name}-lake")
    applied = project.apply()
    assert {(change.type.split(":")[-1], str(change.action)) for change in applied.changed} == {
        ("RolePolicy", "create"),
        ("BucketVersioning", "update"),
        ("Bucket", "update"),
    }
    assert project.apply().changed == []


def test_everything_comes_back_after_the_data_plane_lost_it(project: SmallProject) -> None:
    project.apply(LAKE)
    kept = project.state_file.read_text()
    project.destroy()
    project.state_file.parent.mkdir(exist_ok=True)
    project.state_file.write_text(kept)
    assert {str(change.action) for change in project.apply().changed} == {"create"}


def test_failure_keeps_what_was_done(project: SmallProject) -> None:
    program = """
    first = aws.s3.Bucket("first", bucket="NAME-first")
    role = aws.iam.RolePolicyAttachment(
        "broken", role=first.bucket.apply(lambda name: "no-such-role"),
        policy_arn="arn:aws:iam::123456789012:policy/no-such-policy")
    aws.s3.Bucket("last", bucket=role.policy_arn.apply(lambda arn: "NAME-last"))
    """
    with pytest.raises(ProvisioningError, match=r"RolePolicyAttachment broken: .*NoSuchEntity"):
        project.apply(program)
    kept = json.loads(project.state_file.read_text())["resources"]
    assert [entry["name"] for entry in kept] == ["first"]
    applied = project.apply('aws.s3.Bucket("first", bucket="NAME-first")')
    assert applied.changed == []


def test_leftovers_stay_when_the_program_fails(project: SmallProject) -> None:
    project.apply('aws.s3.Bucket("a", bucket="NAME-a")')
    with pytest.raises(ZeroDivisionError):
        project.apply("1 / 0")
    assert buckets(project) == {f"{project.name}-a"}


def test_interruption_ends_at_the_next_resource(project: SmallProject) -> None:
    program = """
    import os, signal, time
    first = aws.s3.Bucket("first", bucket="NAME-first")
    def interrupt(name):
        if os.path.exists("state"):  # not in the preview
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)
        return "NAME-last"
    aws.s3.Bucket("last", bucket=first.bucket.apply(interrupt))
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    with pytest.raises(KeyboardInterrupt):
        project.apply(program)
    assert buckets(project) == {f"{project.name}-first"}
    kept = json.loads(project.state_file.read_text())["resources"]
    assert [entry["name"] for entry in kept] == ["first"]
    project.destroy()


def test_clash_with_a_resource_of_somebody_else(project: SmallProject) -> None:
    project.endpoint.client("s3").create_bucket(Bucket=f"{project.name}-a")
    with pytest.raises(
        ProvisioningError,
        match=r"^aws:s3/bucket:Bucket a: .*-a exists already and does not belong to stack local: "
        r"delete it or choose another name$",
    ):
        project.apply('aws.s3.Bucket("a", bucket="NAME-a")')


def test_protected_resource_is_not_destroyed(project: SmallProject) -> None:
    protect = "opts=pulumi.ResourceOptions(protect=True)"
    project.apply(f'aws.s3.Bucket("a", bucket="NAME-a", {protect})')
    with pytest.raises(ProvisioningError, match=r"^protected, not destroyed: .*Bucket a"):
        project.destroy()
    with pytest.raises(ProvisioningError, match=r"^protected but no longer declared: .*Bucket a"):
        project.apply("")
    project.apply('aws.s3.Bucket("a", bucket="NAME-a")')
    project.destroy()


def test_ignored_changes_stay(project: SmallProject) -> None:
    ignore = 'opts=pulumi.ResourceOptions(ignore_changes=["tags"])'
    project.apply('aws.s3.Bucket("a", bucket="NAME-a", tags={"a": "1"})')
    applied = project.apply(f'aws.s3.Bucket("a", bucket="NAME-a", tags={{"a": "2"}}, {ignore})')
    assert applied.changed == []
    nested = ignore.replace("tags", "tags.a")
    with pytest.raises(ProvisioningError, match=r"ignore_changes: tags\.a is not a property of t"):
        project.apply(f'aws.s3.Bucket("a", bucket="NAME-a", tags={{"a": "2"}}, {nested})')


def test_renamed_in_the_program_only(project: SmallProject) -> None:
    project.apply('aws.s3.Bucket("a", bucket="NAME-a")')
    alias = 'opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="a")])'
    with pytest.raises(ProvisioningError, match=r'-a is a of this stack: .*Alias\(name="a"\)'):
        project.apply('aws.s3.Bucket("b", bucket="NAME-a")')
    assert project.apply(f'aws.s3.Bucket("b", bucket="NAME-a", {alias})').changed == []


def test_retained_resource_outlives_the_stack(project: SmallProject) -> None:
    retain = "opts=pulumi.ResourceOptions(retain_on_delete=True)"
    project.apply(f'aws.s3.Bucket("a", bucket="NAME-a", {retain})')
    assert project.destroy().changes == []
    assert buckets(project) == {f"{project.name}-a"}


def test_retained_object_may_come_back(project: SmallProject) -> None:
    program = """
    bucket = aws.s3.Bucket("b", bucket="NAME-b", force_destroy=True)
    aws.s3.BucketObjectv2("o", bucket=bucket.bucket, key="VERSION", content="VERSION",
                          opts=pulumi.ResourceOptions(retain_on_delete=True))
    """
    for version, change in (("one", "create"), ("two", "replace"), ("one", "replace")):
        assert actions(project.apply(program.replace("VERSION", version)))["o"] == change
    found = project.endpoint.client("s3").list_objects_v2(Bucket=f"{project.name}-b")
    assert [entry["Key"] for entry in found["Contents"]] == ["one", "two"]
    project.destroy()
    assert buckets(project) == set()


def test_times_are_equal_in_another_zone(project: SmallProject) -> None:
    program = """
    role = aws.iam.Role("r", name="NAME", assume_role_policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"},
                       "Action": "sts:AssumeRole"}]}))
    aws.scheduler.Schedule(
        "s", name="NAME", schedule_expression="rate(1 day)", start_date="2031-01-01T02:00:00+02:00",
        flexible_time_window={"mode": "OFF"},
        target={"arn": "arn:aws:sqs:us-east-1:123456789012:q", "role_arn": role.arn})
    """
    project.apply(program)
    assert project.apply(program.replace("2031-01-01T02:00:00+02:00", "2031-01-01T00:00:00Z")) == (
        project.apply()
    )


def test_code_and_objects_follow_their_files(project: SmallProject) -> None:
    source = project.folder / "code" / "main.py"
    source.parent.mkdir()
    source.write_text("def handler(event, context):\n    return 1\n")
    program = """
    code = pulumi.FileArchive("code")
    layer = aws.lambda_.LayerVersion("layer", layer_name="NAME-layer", code=code)
    role = aws.iam.Role("r", name="NAME-r", assume_role_policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                       "Action": "sts:AssumeRole"}]}))
    function = aws.lambda_.Function(
        "f", name="NAME-f", role=role.arn, runtime="python3.12",
        handler="main.handler", code=code, layers=[layer.arn])
    bucket = aws.s3.Bucket("b", bucket="NAME-b", force_destroy=True)
    file = pulumi.FileAsset("code/main.py")
    aws.s3.BucketObjectv2("o", bucket=bucket.bucket, key="o", source=file)
    pulumi.export("layers", function.layers)
    """
    first = project.apply(program)
    assert project.apply().changed == []
    source.write_text("def handler(event, context):\n    return 2\n")
    changed = project.apply()
    assert actions(changed) == {"layer": "replace", "f": "update", "o": "update"}
    assert first.outputs["layers"] != changed.outputs["layers"]
    assert project.apply().changed == []
    assert actions(project.destroy()) == dict.fromkeys(("r", "layer", "f", "o", "b"), "delete")


def test_interrupted_creation_is_taken_up(project: SmallProject) -> None:
    project.apply('aws.s3.Bucket("a", bucket="NAME-a")')
    state: dict[str, Any] = json.loads(project.state_file.read_text())
    state["resources"][0]["status"] = "creating"
    project.state_file.write_text(json.dumps(state))
    assert actions(project.apply()) == {"a": "update"}
    assert project.apply().changed == []
