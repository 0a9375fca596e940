"""Calls past the socket: the same request, the same answer, the same errors."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from embedded_aws.dataplane.loopback import Loopback
from embedded_aws.endpoint import Endpoint
from embedded_aws.server import running


class Application:
    """Remembers what it was asked and gives one answer."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}
        self.body = b""
        self.answer: tuple[int, list[tuple[bytes, bytes]], list[bytes]] = (200, [], [b""])
        self.silent = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.body = scope, (await receive())["body"]
        if self.silent:
            await receive()
        status, headers, parts = self.answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    if loop.is_running():
        loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def client_of(application: Application, loop: asyncio.AbstractEventLoop, timeout: float = 5) -> Any:
    async def make() -> Loopback:
        return Loopback(application, timeout)

    client = Endpoint("http://127.0.0.1:9").client("s3")  # nobody listens there
    asyncio.run_coroutine_threadsafe(make(), loop).result().attach(client)
    return client


def test_the_application_sees_a_signed_request(loop: asyncio.AbstractEventLoop) -> None:
    application = Application()

    client_of(application, loop).put_object(Bucket="lake", Key="a b/ü.txt", Body=b"text")

    scope = application.scope
    headers = dict(scope["headers"])
    assert application.body == b"text"
    assert (scope["method"], scope["path"]) == ("PUT", "/lake/a b/ü.txt")
    assert scope["raw_path"] == b"/lake/a%20b/%C3%BC.txt"
    assert headers[b"host"] == b"127.0.0.1:9"
    assert headers[b"content-length"] == b"4"
    assert b"Signature=" in headers[b"authorization"]
    assert b"expect" not in headers


def test_the_client_sees_status_headers_and_a_body_in_parts(
    loop: asyncio.AbstractEventLoop,
) -> None:
    application = Application()
    headers = [(b"Content-Length", b"6"), (b"x-amz-meta-note", b"kept")]
    application.answer = (200, headers, [b"abc", b"def"])

    found = client_of(application, loop).get_object(Bucket="lake", Key="a")

    assert found["Metadata"] == {"note": "kept"}
    assert found["Body"].read() == b"abcdef"


def test_an_error_of_the_service_is_raised(loop: asyncio.AbstractEventLoop) -> None:
    application = Application()
    text = b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"
    application.answer = (404, [(b"Content-Type", b"application/xml")], [text])

    with pytest.raises(ClientError, match="gone") as raised:
        client_of(application, loop).get_object(Bucket="lake", Key="a")

    assert raised.value.response["Error"]["Code"] == "NoSuchKey"


def test_silence_is_a_timeout(loop: asyncio.AbstractEventLoop) -> None:
    application = Application()
    application.silent = True

    with pytest.raises(ReadTimeoutError):
        client_of(application, loop, timeout=0.1).get_object(Bucket="lake", Key="a")


def test_an_ended_loop_is_a_closed_connection(loop: asyncio.AbstractEventLoop) -> None:
    client = client_of(Application(), loop)
    loop.call_soon_threadsafe(loop.stop)
    while loop.is_running():
        pass
    loop.close()

    with pytest.raises(ConnectionClosedError):
        client.get_object(Bucket="lake", Key="a")


def test_the_engine_calls_past_the_socket_and_is_checked_all_the_same() -> None:
    role = "arn:aws:iam::123456789012:role/workflow"
    trust = (
        '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
        ' "Principal": {"Service": "states.amazonaws.com"}}]}'
    )
    with running() as aws:
        aws.endpoint.client("iam").create_role(RoleName="workflow", AssumeRolePolicyDocument=trust)
        aws.endpoint.client("s3").create_bucket(Bucket="lake")
        client = aws.engine.services.clients(role, "s3")
        with pytest.raises(ClientError) as raised:
            client.list_objects_v2(Bucket="lake")

    assert raised.value.response["Error"]["Code"] == "AccessDenied"
