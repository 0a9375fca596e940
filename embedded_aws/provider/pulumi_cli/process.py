"""How a plugin of the Pulumi CLI lives: it serves gRPC on a port that it tells on stdout."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

_THREADS = 64
_LARGEST_MESSAGE = 400 << 20  # bytes, as the CLI itself allows
_GRACE_SECONDS = 4.0  # the CLI kills a plugin that has not ended after five


def serve(add: Callable[[Any], None]) -> None:
    """Serves what `add` puts on the server until the CLI interrupts the process or is gone.

    The first line of stdout is the port and nothing else; whatever prints later goes to stderr.
    """
    server = grpc.server(
        ThreadPoolExecutor(_THREADS),
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
        ],
    )
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    parent = os.getppid()
    print(port, flush=True)
    sys.stdout = sys.stderr
    while not ended.wait(1.0) and os.getppid() == parent:
        pass
    server.stop(_GRACE_SECONDS).wait()
