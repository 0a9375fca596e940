"""The Lambda Runtime API for one function process: it asks for events and posts what came of them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html (version 2018-06-01)
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any


@dataclass(frozen=True)
class Invocation:
    """One event for a function; the payload is JSON."""

    request_id: str
    payload: bytes
    function_arn: str


@dataclass(frozen=True)
class Reply:
    """What the process posted: `kind` is response, error, init_error; or exit when it died."""

    kind: str
    body: bytes = b""


_Next = tuple[Invocation, float]


class RuntimeApi:
    """A loopback HTTP server for one process. `send` and `receive` are the platform's side.

    ready  set once the process asks for its first event, or failed before that
    """

    def __init__(self) -> None:
        self.ready = threading.Event()
        self._invocations: queue.SimpleQueue[_Next | None] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, name="lambda-runtime-api", daemon=True).start()

    def send(self, invocation: Invocation, deadline: float) -> None:
        """Hands the process its next event, to be done by `deadline` (epoch seconds)."""
        self._invocations.put((invocation, deadline))

    def receive(self, timeout: float) -> Reply | None:
        """The next thing the process posted, or None after `timeout` seconds."""
        try:
            return self._replies.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def post(self, reply: Reply) -> None:
        """Records a reply; also used for the death of the process."""
        self._replies.put(reply)
        if reply.kind in ("init_error", "exit"):
            self.ready.set()

    def next_invocation(self) -> _Next | None:
        """Blocks until there is an event; None when the server closes."""
        self.ready.set()
        return self._invocations.get()

    def close(self) -> None:
        """Stops accepting; a process that waits for an event is disconnected."""
        self._invocations.put(None)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection: socket.socket, address: Any) -> None:
        try:
            with connection:
                _Handler(connection, address, self)  # type: ignore[arg-type]
        except OSError:
            pass  # the process was killed in the middle of an exchange


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one send per response: two would wait 40 ms for a delayed acknowledgement
    server: Any  # a RuntimeApi

    def do_GET(self) -> None:
        api: RuntimeApi = self.server
        following = api.next_invocation() if self.path.endswith("/invocation/next") else None
        if following is None:
            self.close_connection = True
            return
        invocation, deadline = following
        self._answer(
            200,
            invocation.payload,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            },
        )

    def do_POST(self) -> None:
        api: RuntimeApi = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        last = self.path.rsplit("/", 1)[-1]
        kind = "init_error" if self.path.endswith("/init/error") else last
        api.post(Reply(kind, body))
        self._answer(202, b'{"status":"OK"}', {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """The platform logs invocations, not requests."""
