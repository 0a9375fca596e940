"""The one address: an ASGI application in front of ministack, served by hypercorn."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from embedded_aws.dataplane import ministack

STATUS_PATH = "/_dej/status"

Status = Callable[[], Awaitable[dict[str, Any]]]


class PortTaken(Exception):
    """Another process listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on 127.0.0.1 is taken")
        self.port = port


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. Raises PortTaken."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=512)
    except OSError as error:
        raise PortTaken(port) from error


class Gateway:
    """Answers our own status page and passes everything else to the data plane.

    writes  how many requests may have changed something
    """

    def __init__(self, status: Status) -> None:
        self._status = status
        self.writes = 0

    async def serve(self, listener: socket.socket, until: Callable[[], Awaitable[Any]]) -> None:
        """Serves until `until` returns; open requests then have a moment to end."""
        config = Config()
        config.bind = [f"fd://{os.dup(listener.fileno())}"]  # hypercorn closes it
        config.accesslog = None
        config.errorlog = logging.getLogger("embedded_aws.gateway")
        config.graceful_timeout = 0.3
        config.keep_alive_timeout = 600
        await serve(self, config, shutdown_trigger=until)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == STATUS_PATH:
            await _json(send, 200, await self._status())
        elif scope["type"] == "http" and _administration(scope):
            await _json(send, 404, {"message": "not part of the embedded AWS"})
        else:
            if scope["type"] == "http" and scope["method"] != "GET":
                self.writes += 1
            await ministack.load().app(scope, receive, send)


def _administration(scope: Any) -> bool:
    """ministack's own switches need no credentials: nobody but this process may use them."""
    return bool(scope["path"].startswith("/_ministack/") and scope["method"] != "GET")


async def _lifespan(receive: Any, send: Any) -> None:
    """ministack's own start-up is not wanted: it starts tickers, listeners and reapers."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _json(send: Any, status: int, content: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
