"""State that is kept, and state that is not."""

from __future__ import annotations

import fcntl
import json
import pickle
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded_aws import server
from embedded_aws.dataplane.snapshots import SnapshotError
from embedded_aws.endpoint import Endpoint
from embedded_aws.server import running
from embedded_aws.stepfunctions.clock import Clock

PASS = {"Done": {"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True}}


def test_a_restart_keeps_resources_contents_and_executions(
    tmp_path: Path,
    account_of: Callable[[Endpoint], Any],
    make_package: Callable[[dict[str, str]], bytes],
) -> None:
    with running(tmp_path) as aws:
        account = account_of(aws.endpoint)
        s3, dynamodb = aws.endpoint.client("s3"), aws.endpoint.client("dynamodb")
        s3.create_bucket(Bucket="lake")
        versioning = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration=versioning)
        for body in (b"\x00\xff old", b"\x00\xff new"):
            version = s3.put_object(Bucket="lake", Key="a/b", Body=body)["VersionId"]
        dynamodb.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.put_item(TableName="table", Item={"pk": {"S": "x"}, "raw": {"B": b"\x00"}})
        role = account.role("function", "lambda")
        layer = aws.endpoint.client("lambda").publish_layer_version(
            LayerName="factor", Content={"ZipFile": make_package({"python/factor.py": "BY = 2"})}
        )["LayerVersionArn"]
        code = "import factor\ndef handler(e, c): return e * factor.BY"
        account.function("double", code, role, Layers=[layer])
        machine = account.machine("machine", account.role("workflow", "states"), PASS)
        execution = aws.endpoint.client("stepfunctions").start_execution(
            stateMachineArn=machine, input='{"n": 21}'
        )["executionArn"]
        url = aws.endpoint.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
        sqs = aws.endpoint.client("sqs")
        sqs.send_message(QueueUrl=url, MessageBody="kept")
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)  # by who ends with the server
    with running(tmp_path) as aws:
        s3, dynamodb = aws.endpoint.client("s3"), aws.endpoint.client("dynamodb")
        assert s3.get_object(Bucket="lake", Key="a/b")["Body"].read() == b"\x00\xff new"
        versions = s3.list_object_versions(Bucket="lake")["Versions"]
        assert [v["IsLatest"] for v in versions] == [True, False]
        assert versions[0]["VersionId"] == version
        old = s3.get_object(Bucket="lake", Key="a/b", VersionId=versions[1]["VersionId"])
        assert old["Body"].read() == b"\x00\xff old"
        item = dynamodb.get_item(TableName="table", Key={"pk": {"S": "x"}})["Item"]
        assert item["raw"]["B"] == b"\x00"
        answer = aws.endpoint.client("lambda").invoke(FunctionName="double", Payload=b"4")
        assert json.loads(answer["Payload"].read()) == 8
        described = aws.endpoint.client("stepfunctions").describe_execution(executionArn=execution)
        assert (described["status"], described["output"]) == ("SUCCEEDED", "42")
        messages = aws.endpoint.client("sqs").receive_message(QueueUrl=url)["Messages"]
        assert messages[0]["Body"] == "kept"


def test_schedules_go_on_after_a_restart(
    tmp_path: Path, account_of: Callable[[Endpoint], Any]
) -> None:
    with running(tmp_path, Clock.virtual(0)) as aws:
        account = account_of(aws.endpoint)
        machine = account.machine("machine", account.role("workflow", "states"), PASS)
        role = account.role("schedule", "scheduler", ("states:StartExecution", machine))
        aws.endpoint.client("scheduler").create_schedule(
            Name="daily",
            ScheduleExpression="cron(0 6 * * ? *)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": machine, "RoleArn": role, "Input": '{"n": 1}'},
        )
    with running(tmp_path, Clock.virtual(0)) as aws:
        aws.advance_to(24 * 3600)
        client = aws.endpoint.client("stepfunctions")
        assert len(client.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    with running() as aws:
        aws.endpoint.client("s3").create_bucket(Bucket="lake")
    with running(tmp_path) as aws:
        assert aws.endpoint.client("s3").list_buckets()["Buckets"] == []


def test_snapshots_are_written_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SNAPSHOT_SECONDS", 0.01)
    with running(tmp_path) as aws:
        aws.endpoint.client("s3").create_bucket(Bucket="lake")
        deadline = time.monotonic() + 10
        while not (tmp_path / "snapshot").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (tmp_path / "snapshot").exists()


def test_what_was_saved_is_not_written_again_without_a_change(tmp_path: Path) -> None:
    with running(tmp_path) as aws:
        aws.endpoint.client("s3").create_bucket(Bucket="lake")
        aws.save()
        written = (tmp_path / "snapshot").stat().st_mtime_ns
        urllib.request.urlopen(aws.endpoint.url + "/_dej/status").read()
        aws.save()
    assert (tmp_path / "snapshot").stat().st_mtime_ns == written


def test_a_failing_disk_does_not_stop_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "SNAPSHOT_SECONDS", 0.01)
    with running(tmp_path) as aws:
        (tmp_path / "snapshot.partial").mkdir()
        for _ in range(2):
            aws.endpoint.client("s3").create_bucket(Bucket="lake")
        deadline = time.monotonic() + 10
        while "The state was not saved" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "The state was not saved" in caplog.text
        assert aws.alive
        (tmp_path / "snapshot.partial").rmdir()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"garbage", "is not a snapshot: "),
        (pickle.dumps({"other": 1}), "is not a snapshot: "),
        (pickle.dumps({"format": 0}), "is of another version: give an empty --data folder"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_and_kept(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "snapshot").write_bytes(content)
    with pytest.raises(SnapshotError, match=message), running(tmp_path):
        pass
    assert (tmp_path / "snapshot").read_bytes() == content


def test_two_servers_do_not_share_a_folder(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with (
            pytest.raises(SnapshotError, match="is in use by another embedded AWS"),
            running(tmp_path),
        ):
            pass
