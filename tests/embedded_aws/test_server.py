"""Starting, resetting and ending servers; what the embedded AWS is as a whole."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.dataplane.gateway import PortTaken
from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

FIVE = datetime(2026, 1, 31, 5, tzinfo=UTC).timestamp()
PASS = {"Done": {"Type": "Pass", "End": True}}


def test_a_second_server_in_a_process_is_refused_and_a_later_one_is_empty() -> None:
    with running() as first:
        first.endpoint.client("s3").create_bucket(Bucket="left-over")
        with pytest.raises(RuntimeError, match="has an embedded AWS already"), running():
            pass
    with running() as second:
        assert second.endpoint.client("s3").list_buckets()["Buckets"] == []


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"^port {port} on 127.0.0.1 is taken$"),
            running(port=port),
        ):
            pass
    with running(port=port) as aws:
        assert aws.endpoint.url == f"http://127.0.0.1:{port}"


def test_neither_environment_nor_logging_of_the_process_are_changed() -> None:
    before = dict(os.environ)
    with running() as aws:
        aws.endpoint.client("s3").list_buckets()
        assert dict(os.environ) == before


def test_the_data_planes_tickers_do_not_run(aws: EmbeddedAws) -> None:
    aws.endpoint.client("events").put_rule(Name="rule", ScheduleExpression="rate(1 minute)")
    aws.endpoint.client("scheduler").list_schedules()
    tickers = {"eb-scheduler", "evb-scheduler-ticker"}
    assert tickers.isdisjoint(thread.name for thread in threading.enumerate())


def test_the_hosts_credentials_do_not_open_it(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHOSTHOSTHOSTHOST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "host-secret")
    for key, secret in [
        ("AKIAHOSTHOSTHOSTHOST", "host-secret"),
        ("test", "test"),
        ("123456789012", "host-secret"),
        ("999999999999", "local-administrator"),
    ]:
        client = aws.endpoint.session().client(
            "sqs",
            endpoint_url=aws.endpoint.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )
        with pytest.raises(ClientError, match=r"invalid|does not match"):
            client.list_queues()


def test_clients_ignore_profiles_and_proxies_of_the_host(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert Endpoint(aws.endpoint.url).client("s3").list_buckets()["Buckets"] == []


def test_the_data_planes_own_switches_are_closed(aws: EmbeddedAws) -> None:
    aws.endpoint.client("s3").create_bucket(Bucket="kept-bucket")
    request = urllib.request.Request(aws.endpoint.url + "/_ministack/reset", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(request)
    assert len(aws.endpoint.client("s3").list_buckets()["Buckets"]) == 1


def test_reset_forgets_resources_executions_and_faults(aws: EmbeddedAws, account: Any) -> None:
    role = account.role("workflow", "states")
    machine = account.machine("machine", role, PASS)
    account.endpoint.client("stepfunctions").start_execution(stateMachineArn=machine)
    aws.faults.fail("s3:ListAllMyBuckets", "SlowDown", 503)
    aws.reset()
    assert account.endpoint.client("s3").list_buckets()["Buckets"] == []
    assert account.endpoint.client("stepfunctions").list_state_machines()["stateMachines"] == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        account.endpoint.client("iam").get_role(RoleName="workflow")


def test_status_counts_machines_and_executions(aws: EmbeddedAws, account: Any) -> None:
    role = account.role("workflow", "states")
    machine = account.machine("machine", role, PASS)
    client = account.endpoint.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=machine)["executionArn"]
    _wait_for_end(client, execution)
    with urllib.request.urlopen(aws.endpoint.url + "/_dej/status") as answer:
        status = json.load(answer)
    assert status["pid"] == os.getpid()
    assert status["machines"] == 1
    assert status["executions"] == {"SUCCEEDED": 1}


def test_the_engine_calls_services_as_the_machines_role(aws: EmbeddedAws, account: Any) -> None:
    account.endpoint.client("s3").create_bucket(Bucket="some-bucket")
    role = account.role("workflow", "states", ("s3:PutObject", "arn:aws:s3:::some-bucket/open/*"))
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
        "Arguments": {"Bucket": "some-bucket", "Key": "{% $states.input.key %}", "Body": "x"},
        "End": True,
    }
    machine = account.machine("machine", role, {"Put": put})
    client = account.endpoint.client("stepfunctions")
    ends = {}
    for key in ("open/a", "closed/a"):
        execution = client.start_execution(stateMachineArn=machine, input=json.dumps({"key": key}))[
            "executionArn"
        ]
        ends[key] = _wait_for_end(client, execution)
    assert ends["open/a"]["status"] == "SUCCEEDED"
    assert ends["closed/a"]["status"] == "FAILED"
    assert "is not authorized to perform: s3:PutObject" in ends["closed/a"]["cause"]


def test_a_virtual_clock_waits_for_nobody(account_of: Callable[[Endpoint], Any]) -> None:
    began = time.monotonic()
    with running(clock=Clock.virtual(FIVE)) as aws:
        account = account_of(aws.endpoint)
        role = account.role("workflow", "states")
        machine = account.machine(
            "machine", role, {"Sleep": {"Type": "Wait", "Seconds": 86400, "End": True}}
        )
        client = aws.endpoint.client("stepfunctions")
        execution = client.start_execution(stateMachineArn=machine)["executionArn"]
        ended = _wait_for_end(client, execution)
    assert ended["stopDate"].timestamp() == FIVE + 86400
    assert time.monotonic() - began < 10


def _wait_for_end(client: Any, execution: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        described: dict[str, Any] = client.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.01)
    raise AssertionError(f"{execution} does not end")
