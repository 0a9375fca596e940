"""The provider protocol over gRPC, as the Pulumi CLI speaks it, without the CLI."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import (
    language_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from cli.local_server import alive
from embedded_aws.endpoint import Endpoint
from embedded_aws.provider.aws import HANDLERS
from embedded_aws.provider.clients import Clients, wait_until
from embedded_aws.provider.plugin_diff import put_at_path
from embedded_aws.provider.plugin_values import Bag
from embedded_aws.provider.resource import Values
from tests.embedded_aws.provider.plugin_client import (
    ARCHIVE,
    ASSET,
    SIGNATURE,
    UNKNOWN,
    Cli,
    elided,
    plain,
    secret,
    served,
    struct,
)

DIFF = provider_pb2.DiffResponse
KIND = provider_pb2.PropertyDiff

BUCKET = "aws:s3/bucket:Bucket"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
FUNCTION = "aws:lambda/function:Function"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


@pytest.fixture
def cli(data_plane: Endpoint, tmp_path: Path) -> Iterator[Cli]:
    with served(data_plane.url, tmp_path) as stub:
        stub.Configure(provider_pb2.ConfigureRequest(args=struct({"region": "us-east-1"})))
        yield Cli(stub)


def test_one_life_of_a_bucket(cli: Cli, aws: Clients) -> None:
    inputs = cli.checked(BUCKET, {"bucket": "plugin-life", "tags": {"a": "1", "b c": "2"}})
    assert inputs == {
        "bucket": "plugin-life",
        "forceDestroy": False,
        "region": "us-east-1",
        "tags": {"a": "1", "b c": "2"},
    }
    id, outputs = cli.create(BUCKET, inputs)
    assert id == "plugin-life"
    assert outputs["arn"] == "arn:aws:s3:::plugin-life"
    assert outputs["tagsAll"] == inputs["tags"]
    assert cli.diff(BUCKET, id, inputs, inputs).changes == DIFF.DIFF_NONE

    new = {**inputs, "tags": {"a": "2", "c": "3"}}
    diff = cli.diff(BUCKET, id, inputs, new)
    assert (diff.changes, list(diff.diffs), list(diff.replaces)) == (DIFF.DIFF_SOME, ["tags"], [])
    assert {path: entry.kind for path, entry in diff.detailedDiff.items()} == {
        "tags.a": KIND.UPDATE,
        'tags["b c"]': KIND.DELETE,
        "tags.c": KIND.ADD,
    }
    outputs = cli.update(BUCKET, id, outputs, new)
    assert outputs["tags"] == {"a": "2", "c": "3"}

    aws("s3").delete_bucket_tagging(Bucket=id)
    read = cli.read(BUCKET, id, new, outputs)
    assert read.id == id
    assert plain(read.inputs)["tags"] == {}
    assert cli.diff(BUCKET, id, plain(read.inputs), new).changes == DIFF.DIFF_SOME

    cli.delete(BUCKET, id, new)
    cli.delete(BUCKET, id, new)
    assert cli.read(BUCKET, id, new, outputs).id == ""


_NAMES = st.sampled_from(["a", "b", "c d", "e.f"])
_SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=8), st.just(UNKNOWN))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner, max_size=3), inner.map(secret)
    ),
    max_leaves=8,
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=4), st.dictionaries(_NAMES, _SCALARS, max_size=2))
def test_what_is_handed_back_unchanged_keeps_its_form(values: Values, others: Values) -> None:
    bag = Bag.recorded(struct(values))
    assert plain(bag.struct(bag.values)) == plain(struct(values))
    added = bag.struct({**bag.values, **others})
    for name in set(bag.secrets) & set(others):
        assert plain(added)[name] in (values[name], secret(others[name])), "still a secret"


@given(_VALUES)
def test_no_text_of_a_secret_is_shown_by_another_output(value: Any) -> None:
    bag = Bag.recorded(struct({"word": secret("hunter2"), "other": value}))
    shown = plain(bag.struct({**bag.values, "arn": "arn:of:hunter2", "list": [{"x": "hunter2!"}]}))
    assert shown["arn"] == secret("arn:of:hunter2")
    assert shown["list"] == secret([{"x": "hunter2!"}])


def test_refusals_by_path(cli: Cli) -> None:
    answer = cli.check(BUCKET, {"tags": {"a": 1}, "acl": "private", "bukket": "x"})
    assert {failure.property: failure.reason for failure in answer.failures} == {
        "acl": "is not supported for aws:s3/bucket:Bucket here: leave it out",
        "bucket": "is required",
        "bukket": "is no input that is supported here; did you mean bucket?",
        "tags.a": "must be a string",
    }
    with pytest.raises(grpc.RpcError, match=r"use aws\.iam\.RolePolicyAttachment"):
        cli.check("aws:iam/policyAttachment:PolicyAttachment", {})


def test_one_name_for_two_resources(cli: Cli) -> None:
    assert not cli.check(BUCKET, {"bucket": "plugin-twice"}, "one").failures
    assert not cli.check(BUCKET, {"bucket": "plugin-twice"}, "one").failures
    (failure,) = cli.check(BUCKET, {"bucket": "plugin-twice"}, "two").failures
    assert (failure.property, failure.reason) == ("bucket", "is already taken by one: rename one")


def test_a_resource_of_somebody_else_is_not_taken_over(cli: Cli) -> None:
    inputs = cli.checked(BUCKET, {"bucket": "plugin-mine"})
    cli.create(BUCKET, inputs)
    with pytest.raises(grpc.RpcError, match="plugin-mine exists already and does not belong to"):
        cli.create(BUCKET, inputs)


def test_replacement_of_a_fixed_property(cli: Cli) -> None:
    old = cli.checked(ROLE, {"name": "plugin-role", "assumeRolePolicy": TRUST})
    new = {**old, "path": "/a/"}
    diff = cli.diff(ROLE, "plugin-role", old, new)
    assert list(diff.replaces) == ["path"]
    assert diff.detailedDiff["path"].kind == KIND.UPDATE_REPLACE
    assert diff.deleteBeforeReplace, "a role of that name exists until the old one is gone"
    other = cli.diff(ROLE, "plugin-role", old, {**old, "name": "plugin-other"})
    assert not other.deleteBeforeReplace


def test_spelling_is_no_difference(cli: Cli) -> None:
    old = cli.checked(ROLE, {"name": "plugin-role", "assumeRolePolicy": TRUST})
    document = json.loads(TRUST)
    document["Statement"][0]["Action"] = ["sts:AssumeRole"]
    new = {**old, "assumeRolePolicy": json.dumps(document, indent=2), "tags": {}}
    assert cli.diff(ROLE, "plugin-role", old, new).changes == DIFF.DIFF_NONE


def test_preview_of_creation_knows_inputs_only(cli: Cli) -> None:
    inputs = cli.checked(POLICY, {"name": "p", "role": UNKNOWN, "policy": UNKNOWN})
    assert inputs == {"name": "p", "role": UNKNOWN, "policy": UNKNOWN}
    id, outputs = cli.create(POLICY, inputs, preview=True)
    assert (id, outputs) == ("", inputs)
    table = {
        "name": "plugin-table",
        "hashKey": "pk",
        "billingMode": "PAY_PER_REQUEST",
        "attributes": UNKNOWN,
    }
    inputs = cli.checked("aws:dynamodb/table:Table", table)
    _, outputs = cli.create("aws:dynamodb/table:Table", inputs, preview=True)
    assert outputs["arn"] == outputs["streamViewType"] == UNKNOWN
    assert outputs["ttl"] == {"enabled": False}


def test_preview_of_an_update_knows_what_follows_from_names(cli: Cli, aws: Clients) -> None:
    aws("s3").create_bucket(Bucket="plugin-objects")
    inputs = cli.checked(OBJECT, {"bucket": "plugin-objects", "key": "k", "content": "one"})
    id, outputs = cli.create(OBJECT, inputs)
    new = {**inputs, "content": "two"}
    shown = cli.update(OBJECT, id, outputs, new, preview=True)
    assert shown["arn"] == "arn:aws:s3:::plugin-objects/k"
    assert (shown["etag"], shown["content"]) == (UNKNOWN, "two")
    assert aws("s3").get_object(Bucket="plugin-objects", Key="k")["Body"].read() == b"one"


def test_secrets_stay_marked(cli: Cli) -> None:
    role = cli.checked(ROLE, {"name": "plugin-secret-role", "assumeRolePolicy": TRUST})
    _, made = cli.create(ROLE, role)
    variables = {"OPEN": "shown", "TOKEN": secret("hunter2-token")}
    wished = {
        "name": "plugin-secret",
        "role": made["arn"],
        "runtime": "python3.12",
        "handler": "main.handler",
        "code": archive("return 1"),
        "environment": {"variables": variables},
        "description": secret("hunter2-words"),
    }
    inputs = cli.checked(FUNCTION, wished)
    assert inputs["environment"]["variables"] == variables
    assert inputs["code"] == wished["code"]
    _, outputs = cli.create(FUNCTION, inputs)
    assert outputs["description"] == secret("hunter2-words")
    assert outputs["environment"] in (
        {"variables": variables},
        secret({"variables": {"OPEN": "shown", "TOKEN": "hunter2-token"}}),
    )
    new = put_at_path(inputs, "environment.variables", {"OPEN": "x", "TOKEN": secret("hunter3-")})
    diff = cli.diff(FUNCTION, "plugin-secret", inputs, new)
    assert list(diff.detailedDiff) == ["environment"], "nothing is told apart below a secret"


def test_refusals_do_not_tell_secrets(cli: Cli) -> None:
    inputs = {"name": "plugin-p", "role": "plugin-none", "policy": secret('{"hunter2-policy": 1}')}
    with pytest.raises(grpc.RpcError) as refused:
        cli.create(POLICY, cli.checked(POLICY, inputs))
    assert "hunter2" not in str(refused.value)
    assert "details are withheld, because policy is secret" in str(refused.value)
    answer = cli.check(BUCKET, {"bucket": secret("hunter2-bucket")})
    assert [(f.property, f.reason) for f in answer.failures] == [("bucket", "holds a secret")]


def archive(statement: str) -> Values:
    source = f"def handler(event, context):\n    {statement}\n"
    text = {SIGNATURE: ASSET, "text": source, "hash": "unused"}
    digest = hashlib.sha256(source.encode()).hexdigest()
    return {SIGNATURE: ARCHIVE, "assets": {"main.py": text}, "hash": digest}


def test_code_is_compared_by_hash_and_drift_by_what_was_applied(cli: Cli, aws: Clients) -> None:
    role = cli.checked(ROLE, {"name": "plugin-code-role", "assumeRolePolicy": TRUST})
    _, made = cli.create(ROLE, role)
    wished = {
        "name": "plugin-code",
        "role": made["arn"],
        "runtime": "python3.12",
        "handler": "main.handler",
        "code": archive("return 1"),
    }
    inputs = cli.checked(FUNCTION, wished)
    id, outputs = cli.create(FUNCTION, inputs)
    assert outputs["code"] == wished["code"]
    assert cli.diff(FUNCTION, id, inputs, inputs).changes == DIFF.DIFF_NONE
    changed = cli.diff(FUNCTION, id, inputs, {**inputs, "code": archive("return 2")})
    assert list(changed.diffs) == ["code"]

    read = cli.read(FUNCTION, id, inputs, outputs)
    assert plain(read.inputs) == elided(inputs)
    other = archive("return 3")
    cli.update(FUNCTION, id, outputs, {**inputs, "code": other})
    drifted = cli.read(FUNCTION, id, inputs, outputs)
    assert "code" not in plain(drifted.inputs), "the code is not the one that was applied"
    assert cli.diff(FUNCTION, id, plain(drifted.inputs), inputs).changes == DIFF.DIFF_SOME


def test_a_missing_or_changed_source_file_is_no_drift(
    cli: Cli, aws: Clients, tmp_path: Path
) -> None:
    file = tmp_path / "body.txt"
    file.write_text("one")
    aws("s3").create_bucket(Bucket="plugin-files")
    source = {SIGNATURE: ASSET, "path": "body.txt", "hash": hashlib.sha256(b"one").hexdigest()}
    inputs = cli.checked(OBJECT, {"bucket": "plugin-files", "key": "k", "source": source})
    id, outputs = cli.create(OBJECT, inputs)
    assert aws("s3").get_object(Bucket="plugin-files", Key="k")["Body"].read() == b"one"
    file.unlink()
    assert plain(cli.read(OBJECT, id, inputs, outputs).inputs) == elided(inputs)
    aws("s3").put_object(Bucket="plugin-files", Key="k", Body=b"by hand")
    assert "source" not in plain(cli.read(OBJECT, id, inputs, outputs).inputs)


def test_reading_without_a_record_finds_the_inputs(cli: Cli) -> None:
    inputs = cli.checked(ROLE, {"name": "plugin-import", "assumeRolePolicy": TRUST})
    cli.create(ROLE, inputs)
    found = plain(cli.read(ROLE, "plugin-import", {}, {}).inputs)
    assert found["name"] == "plugin-import"
    assert cli.diff(ROLE, "plugin-import", {**inputs, **found}, inputs).changes == DIFF.DIFF_NONE


def test_half_created_resource_keeps_its_id(
    cli: Cli, aws: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = HANDLERS.handler(BUCKET)
    monkeypatch.setattr(handler, "update", _fail)
    inputs = cli.checked(BUCKET, {"bucket": "plugin-half", "tags": {"a": "1"}})
    with pytest.raises(grpc.RpcError) as refused:
        cli.create(BUCKET, inputs)
    (detail,) = details(refused.value)
    assert (detail.id, list(detail.reasons)) == ("plugin-half", ["the disk is full"])
    monkeypatch.undo()
    outputs = cli.update(BUCKET, detail.id, plain(detail.properties), inputs)
    assert outputs["tags"] == {"a": "1"}


def _fail(*_: Any) -> None:
    raise OSError("the disk is full")


def details(error: Any) -> list[Any]:
    metadata = {entry.key: entry.value for entry in error.trailing_metadata()}
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    found = []
    for packed in status.details:
        message = provider_pb2.ErrorResourceInitFailed()
        assert packed.Unpack(message)
        found.append(message)
    return found


def test_update_of_what_is_gone(cli: Cli) -> None:
    inputs = cli.checked(BUCKET, {"bucket": "plugin-gone"})
    with pytest.raises(grpc.RpcError, match="plugin-gone is gone: refresh first"):
        cli.update(BUCKET, "plugin-gone", inputs, inputs)


def test_nothing_begins_after_cancel(cli: Cli) -> None:
    inputs = cli.checked(BUCKET, {"bucket": "plugin-cancelled"})
    cli.stub.Cancel(empty_pb2.Empty())
    with pytest.raises(grpc.RpcError, match="interrupted before it began"):
        cli.create(BUCKET, inputs)
    assert cli.read(BUCKET, "plugin-cancelled", inputs, {}).id == ""


def test_data_sources(cli: Cli) -> None:
    token = "aws:index/getCallerIdentity:getCallerIdentity"
    found = cli.stub.Invoke(provider_pb2.InvokeRequest(tok=token))
    assert plain(getattr(found, "return"))["accountId"] == "123456789012"
    with pytest.raises(grpc.RpcError, match="the data source aws:x is not supported"):
        cli.stub.Invoke(provider_pb2.InvokeRequest(tok="aws:x"))


def test_provider_configuration(cli: Cli, tmp_path: Path) -> None:
    news = struct({"region": "us-east-1", "defaultTags": '{"tags":{}}', "version": "7.51.0"})
    answer = cli.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
    assert [(f.property, f.reason) for f in answer.failures] == [
        ("defaultTags", "has no effect on the embedded AWS: leave it out")
    ]
    moved = provider_pb2.DiffRequest(
        old_inputs=struct({"region": "us-east-1"}), news=struct({"region": "eu-west-1"})
    )
    assert cli.stub.DiffConfig(moved).changes == DIFF.DIFF_SOME
    with (
        served("", tmp_path) as stub,
        pytest.raises(grpc.RpcError, match="AWS_ENDPOINT_URL is not set"),
    ):
        stub.Configure(provider_pb2.ConfigureRequest())


def test_nothing_listens(tmp_path: Path) -> None:
    with served("http://127.0.0.1:9", tmp_path) as stub:
        stub.Configure(provider_pb2.ConfigureRequest(args=struct({"region": "us-east-1"})))
        cli = Cli(stub)
        with pytest.raises(
            grpc.RpcError, match=r"no embedded AWS answers .* start it with `dej up`"
        ):
            cli.create(BUCKET, cli.checked(BUCKET, {"bucket": "plugin-nowhere"}))


def test_schema_describes_every_resource(cli: Cli) -> None:
    schema = json.loads(cli.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert set(schema["resources"]) == {handler.schema.token for handler in HANDLERS}
    bucket = schema["resources"][BUCKET]
    assert bucket["requiredInputs"] == ["bucket"]
    assert bucket["inputProperties"]["bucket"]["willReplaceOnChanges"]
    assert "arn" in bucket["properties"]
    assert "arn" not in bucket["inputProperties"]
    text = json.dumps(schema)
    references = {entry for entry in schema["types"] if f"#/types/{entry}" not in text}
    assert references == set(), "types that nothing uses"


@pytest.mark.parametrize(
    ("module", "stub", "request_type"),
    [
        ("plugin", provider_pb2_grpc.ResourceProviderStub, empty_pb2.Empty),
        ("pulumi_cli.language_host", language_pb2_grpc.LanguageRuntimeStub, empty_pb2.Empty),
    ],
)
def test_process_tells_its_port_and_ends_on_interrupt(
    module: str, stub: Any, request_type: Any
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", f"embedded_aws.provider.{module}", "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert stub(channel).GetPluginInfo(request_type()).version
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert process.stdout.read() == ""


def test_process_ends_when_the_cli_is_killed() -> None:
    cli = (
        "import subprocess, sys\n"
        "plugin = [sys.executable, '-m', 'embedded_aws.provider.plugin']\n"
        "process = subprocess.Popen(plugin, stdout=subprocess.PIPE, text=True)\n"
        "process.stdout.readline()\n"
        "print(process.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", cli], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    wait_until(f"end of process {pid}", lambda: not alive(pid))
