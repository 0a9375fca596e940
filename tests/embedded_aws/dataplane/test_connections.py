"""An HTTP task with the credentials of an EventBridge connection."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from embedded_aws.server import EmbeddedAws
from tests.embedded_aws.conftest import Account

SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret:events!connection/*"
BASIC = {"BasicAuthParameters": {"Username": "ada", "Password": "first"}}


class Site(ThreadingHTTPServer):
    """Answers with the headers and the body it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps({"headers": headers, "path": self.path, "body": sent}).encode()
        self.send_response(503 if self.path.startswith("/down") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(account: Account, connection: str, url: str, *allowed: tuple[str, str]) -> dict[str, Any]:
    """The end of an execution of one HTTP task."""
    role = account.role("caller", "states", *allowed)
    arguments = {
        "ApiEndpoint": url,
        "Method": "POST",
        "Authentication": {"ConnectionArn": connection},
        "RequestBody": {"a": 1},
    }
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::http:invoke",
        "Arguments": arguments,
        "End": True,
    }
    states = account.endpoint.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=account.machine("caller", role, {"Call": task}))
    while True:
        found: dict[str, Any] = states.describe_execution(executionArn=arn["executionArn"])
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.02)


def connect(aws: EmbeddedAws, kind: str, parameters: dict[str, Any]) -> str:
    created = aws.endpoint.client("events").create_connection(
        Name="site", AuthorizationType=kind, AuthParameters=parameters
    )
    return str(created["ConnectionArn"])


@pytest.mark.parametrize(
    ("kind", "parameters", "header", "value"),
    [
        ("BASIC", BASIC, "authorization", "Basic " + base64.b64encode(b"ada:first").decode()),
        (
            "API_KEY",
            {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "k1"}},
            "x-key",
            "k1",
        ),
        (
            "BASIC",
            {
                **BASIC,
                "InvocationHttpParameters": {
                    "HeaderParameters": [{"Key": "X-Team", "Value": "data"}]
                },
            },
            "x-team",
            "data",
        ),
    ],
)
def test_a_task_sends_its_connections_credentials(
    aws: EmbeddedAws,
    account: Account,
    site: Site,
    kind: str,
    parameters: dict[str, Any],
    header: str,
    value: str,
) -> None:
    connection = connect(aws, kind, parameters)

    ended = run(account, connection, site.url, ("secretsmanager:GetSecretValue", SECRETS))

    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert output["StatusCode"] == 200
    assert output["ResponseBody"]["headers"][header] == value
    assert json.loads(output["ResponseBody"]["body"]) == {"a": 1}


def test_a_role_that_may_not_read_the_secret_is_denied(
    aws: EmbeddedAws, account: Account, site: Site
) -> None:
    ended = run(account, connect(aws, "BASIC", BASIC), site.url)

    assert ended["status"] == "FAILED"
    assert "secretsmanager:GetSecretValue" in ended["cause"]


def test_an_answer_other_than_2xx_is_an_error_of_its_name(
    aws: EmbeddedAws, account: Account, site: Site
) -> None:
    connection = connect(aws, "BASIC", BASIC)

    ended = run(account, connection, f"{site.url}/down", ("secretsmanager:GetSecretValue", SECRETS))

    assert (ended["status"], ended["error"]) == ("FAILED", "States.Http.StatusCode.503")


def test_a_connections_secret_changes_and_goes_with_it(aws: EmbeddedAws) -> None:
    connect(aws, "BASIC", BASIC)
    events, secrets = (aws.endpoint.client(name) for name in ("events", "secretsmanager"))
    arn = events.describe_connection(Name="site")["SecretArn"]

    changed = {"BasicAuthParameters": {"Username": "ada", "Password": "second"}}
    events.update_connection(Name="site", AuthParameters=changed)
    stored = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    events.delete_connection(Name="site")

    assert stored["password"] == "second"
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=arn)
