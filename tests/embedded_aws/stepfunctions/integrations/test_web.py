"""`http:invoke` against a real server: requests, credentials, answers, errors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from embedded_aws.stepfunctions.errors import StatesError
from embedded_aws.stepfunctions.integrations import actions, resolve

HTTP = "arn:aws:states:::http:invoke"
CONNECTION = "arn:aws:events:us-east-1:123456789012:connection/api/1-2"


@dataclass
class Api:
    """A server that keeps what it was asked and answers as told."""

    url: str = ""
    status: int = 200
    answer: bytes = b'{"ok": true}'
    content_type: str = "application/json"
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.raw_requestline = self.rfile.readline()
            self.parse_request()
            text = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            api.asked.append((self.command, self.path, headers, text))
            answer = b'{"access_token": "t0k"}' if self.path == "/token" else api.answer
            self.send_response(200 if self.path == "/token" else api.status)
            self.send_header("Content-Type", api.content_type)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield api
    server.shutdown()
    server.server_close()


def secret(bench: Any, **content: Any) -> None:
    bench.stub("secretsmanager").add_response(
        "get_secret_value",
        {"SecretString": json.dumps(content)},
        {"SecretId": "events!connection/api/1-2"},
    )


def arguments(api: Api, **more: Any) -> dict[str, Any]:
    return {
        "ApiEndpoint": f"{api.url}/jobs",
        "Method": "GET",
        "Authentication": {"ConnectionArn": CONNECTION},
        **more,
    }


def test_a_request_and_its_answer(bench: Any, api: Api) -> None:
    secret(bench, username="u", password="p")

    result = bench.run(
        HTTP,
        arguments(
            api,
            Method="POST",
            Headers={"X-Run": "1"},
            QueryParameters={"q": "a b", "tag": ["x", "y"]},
            RequestBody={"n": "é"},
        ),
    )

    assert (result["StatusCode"], result["StatusText"]) == (200, "OK")
    assert result["ResponseBody"] == {"ok": True}
    assert result["Headers"]["content-type"] == ["application/json"]
    ((method, path, headers, text),) = api.asked
    assert (method, path, text) == ("POST", "/jobs?q=a+b&tag=x&tag=y", '{"n":"é"}')
    assert headers["authorization"] == "Basic dTpw"
    assert (headers["x-run"], headers["content-type"]) == ("1", "application/json")


def test_an_api_key_and_parameters_of_the_connection(bench: Any, api: Api) -> None:
    secret(
        bench,
        api_key_name="X-Key",
        api_key_value="k",
        invocation_http_parameters={
            "header_parameters": [{"key": "X-A", "value": "1"}],
            "query_string_parameters": [{"key": "b", "value": "2"}],
            "body_parameters": [{"key": "c", "value": "3"}],
        },
    )

    bench.run(HTTP, arguments(api, Method="PUT", RequestBody={"d": 4}))

    ((_, path, headers, text),) = api.asked
    assert (headers["x-key"], headers["x-a"], path) == ("k", "1", "/jobs?b=2")
    assert json.loads(text) == {"c": "3", "d": 4}


def test_a_token_is_fetched_for_client_credentials(bench: Any, api: Api) -> None:
    secret(bench, client_id="i", client_secret="s", authorization_endpoint=f"{api.url}/token")

    bench.run(HTTP, arguments(api))

    assert api.asked[0][3] == "grant_type=client_credentials&client_id=i&client_secret=s"
    assert api.asked[1][2]["authorization"] == "Bearer t0k"


@pytest.mark.parametrize(
    ("style", "sent"),
    [
        ("INDICES", "a%5B0%5D=1&a%5B1%5D=x&o%5Bk%5D=true"),
        ("REPEAT", "a=1&a=x&o%5Bk%5D=true"),
        ("BRACKETS", "a%5B%5D=1&a%5B%5D=x&o%5Bk%5D=true"),
        ("COMMAS", "a=1%2Cx&o%5Bk%5D=true"),
    ],
)
def test_form_encoding(bench: Any, api: Api, style: str, sent: str) -> None:
    secret(bench)
    transform = {
        "RequestBodyEncoding": "URL_ENCODED",
        "RequestEncodingOptions": {"ArrayFormat": style},
    }

    body = {"a": [1, "x"], "o": {"k": True}}
    bench.run(HTTP, arguments(api, Method="POST", RequestBody=body, Transform=transform))

    assert api.asked[0][3] == sent
    assert api.asked[0][2]["content-type"] == "application/x-www-form-urlencoded"


def test_a_text_answer(bench: Any, api: Api) -> None:
    secret(bench)
    api.answer, api.content_type = b"plain", "text/plain"

    assert bench.run(HTTP, arguments(api))["ResponseBody"] == "plain"


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_a_status_is_an_error_of_its_number(bench: Any, api: Api, status: int) -> None:
    secret(bench)
    api.status = status

    with pytest.raises(StatesError) as raised:
        bench.run(HTTP, arguments(api))

    assert raised.value.name == f"States.Http.StatusCode.{status}"
    assert json.loads(raised.value.cause or "")["ResponseBody"] == {"ok": True}


def test_an_unreachable_api(bench: Any, api: Api) -> None:
    secret(bench)

    with pytest.raises(StatesError) as raised:
        bench.run(HTTP, arguments(api, ApiEndpoint="http://127.0.0.1:1/"))

    assert raised.value.name == "States.Http.Socket"


def test_a_secret_that_the_role_may_not_read(bench: Any, api: Api) -> None:
    bench.stub("secretsmanager").add_client_error("get_secret_value", "AccessDeniedException", "no")

    with pytest.raises(StatesError) as raised:
        bench.run(HTTP, arguments(api))

    assert raised.value.name == "SecretsManager.SecretsManagerException"
    assert api.asked == []


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"ApiEndpoint": "{% $u %}", "Method": "{% $m %}", "Authentication": {}}, []),
        (
            {"ApiEndpoint": "https://a", "Method": "BREW", "Authentication": {}, "Nope": 1},
            [
                "The field 'Nope' is not supported by Step Functions",
                "The field 'Method' must be one of GET, POST, PUT, DELETE, PATCH, OPTIONS, HEAD",
            ],
        ),
        (
            {},
            [
                "The field 'ApiEndpoint' is required but was missing",
                "The field 'Method' is required but was missing",
                "The field 'Authentication' is required but was missing",
            ],
        ),
    ],
)
def test_arguments_are_checked(given: Any, found: list[str]) -> None:
    assert resolve(HTTP).check(given) == found


def test_what_is_no_connection_is_named(bench: Any, api: Api) -> None:
    with pytest.raises(StatesError, match="no ARN of a connection: 'x'"):
        bench.run(HTTP, arguments(api, Authentication={"ConnectionArn": "x"}))


def test_actions() -> None:
    assert "secretsmanager:GetSecretValue" in actions(HTTP)
