"""What stands before a Redshift Serverless workgroup: temporary credentials, and TLS.

The driver asks the service for a database user of the caller's role, then connects to the
workgroup by its host name and believes only certificates of authorities it knows.
"""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VALID_SECONDS = 900


@dataclass
class Issuer:
    """A double of Redshift Serverless's API at `url`; `asked` has every request as it came.

    user     the one database user that it gives credentials of
    allowed  whether it does
    """

    user: str
    allowed: Callable[[], bool]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, target: str, signed_as: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append({"target": target, "signed_as": signed_as, **request})
        if not self.allowed():
            return {"__type": "AccessDeniedException", "message": "not authorized"}
        return {
            "dbUser": self.user,
            "dbPassword": "temporary",
            "expiration": time.time() + VALID_SECONDS,
        }


@contextmanager
def issuing(user: str, allowed: Callable[[], bool]) -> Iterator[Issuer]:
    """The double on a free port of 127.0.0.1."""
    issuer = Issuer(user, allowed)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signature = self.headers["Authorization"]  # AWS4-HMAC-SHA256 Credential=KEY/date/…
            key = signature.partition("Credential=")[2].partition("/")[0]
            answer = issuer.answer(self.headers["X-Amz-Target"], key, json.loads(body))
            self.send_response(400 if "__type" in answer else 200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        issuer.url = f"http://127.0.0.1:{server.server_port}"
        yield issuer
        server.shutdown()


@dataclass(frozen=True)
class Authority:
    """A certificate authority of its own, and a server's context with a certificate of it."""

    certificate: Path
    context: ssl.SSLContext


def authority(folder: Path, host: str) -> Authority:
    """Made with openssl for one server, which is called `host`."""
    ca, key, request, signed = (folder / name for name in ("ca.pem", "key", "request", "signed"))
    new = ["-newkey", "rsa:2048", "-nodes", "-subj"]
    signer = ["-CA", ca, "-CAkey", folder / "ca.key", "-CAcreateserial"]
    for words in (
        ["req", "-x509", *new, "/CN=tests", "-days", "2", "-keyout", folder / "ca.key", "-out", ca],
        ["req", *new, f"/CN={host[:64]}", "-keyout", key, "-out", request],
        ["x509", "-req", "-in", request, *signer, "-days", "2", "-out", signed],
    ):
        subprocess.run(["openssl", *map(str, words)], capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed, key)
    return Authority(ca, context)
