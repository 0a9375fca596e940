"""Calls that the server makes to itself: signed and checked like all others, but not by socket.

Most calls of a workflow are the engine's own to the data plane. Sent as HTTP, each would be packed
and unpacked twice by the same process, which costs more than the call.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

Application = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application."""


class Loopback:
    """Lets boto3 clients call an application of the running loop, from threads."""

    def __init__(self, application: Application, timeout: float) -> None:
        self._application = application
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()

    def attach(self, client: Any) -> None:
        """All calls of the client go to the application from here on."""
        client.meta.events.register("before-send", self._send)

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Raises what botocore raises for a connection that breaks or is silent for too long."""
        answer = self._answer(_scope(request), _body(request))
        try:
            future = asyncio.run_coroutine_threadsafe(answer, self._loop)
        except RuntimeError as error:  # the loop has ended
            answer.close()
            raise ConnectionClosedError(endpoint_url=request.url) from error
        try:
            status, headers, body = future.result(self._timeout)
        except TimeoutError as error:
            future.cancel()
            raise ReadTimeoutError(endpoint_url=request.url) from error
        except CancelledError as error:
            raise ConnectionClosedError(endpoint_url=request.url) from error
        return AWSResponse(request.url, status, headers, _Raw(body))

    async def _answer(
        self, scope: dict[str, Any], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        requests = [{"type": "http.request", "body": body, "more_body": False}]
        started: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            if requests:
                return requests.pop()
            await asyncio.Event().wait()  # never disconnects
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._application(scope, receive, send)
        headers = {name.decode("latin-1"): text.decode() for name, text in started["headers"]}
        return started["status"], headers, b"".join(parts)


class _Raw(io.BytesIO):
    """A body as botocore reads it from a connection."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def _scope(request: AWSPreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    headers = [(b"host", url.netloc.encode())]
    for name, value in request.headers.items():
        if name.lower() != "expect":  # 100-continue is a matter of connections
            text = value if isinstance(value, bytes) else str(value).encode()
            headers.append((name.lower().encode(), text))
    return {
        "type": "http",
        "asgi": {"spec_version": "2.1", "version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path) or "/",
        "raw_path": url.path.encode() or b"/",
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": (url.hostname, 0),
        "server": (url.hostname, url.port),
        "extensions": {},
    }


def _body(request: AWSPreparedRequest) -> bytes:
    body = request.body
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)
