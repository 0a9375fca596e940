"""The docs site on this machine: its bucket behind the function that guards it on CloudFront."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.infra.guard import Distribution
from tests.stack import Stack

# What AWS's managed policy SecurityHeadersPolicy adds, but for TLS.
SECURITY_HEADERS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "X-XSS-Protection": "1; mode=block",
}


@dataclass(frozen=True)
class Object:
    """An object of the bucket with the headers that it was written with."""

    body: bytes
    headers: dict[str, str]


class Bucket:
    """The docs bucket of a stack, as CloudFront may read it: objects, no listing."""

    def __init__(self, stack: Stack) -> None:
        self._s3, self._name = stack.client("s3"), stack.outputs["docs_bucket"]

    def get(self, key: str) -> Object | None:
        """An object, or None, which S3 answers with 403 to those who may not list."""
        try:
            found: dict[str, Any] = self._s3.get_object(Bucket=self._name, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return None
        headers = {"Content-Type": found["ContentType"], "Cache-Control": found["CacheControl"]}
        return Object(found["Body"].read(), headers)


@contextmanager
def serving(distribution: Distribution, bucket: Bucket) -> Iterator[str]:
    """The URL at which a stack's docs are served as its distribution would."""
    handler = partial(_Handler, distribution, bucket)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, distribution: Distribution, bucket: Bucket, *connection: Any) -> None:
        self._distribution, self._bucket = distribution, bucket
        super().__init__(*connection)

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news."""

    def _serve(self) -> None:
        if self.command not in self._distribution.methods:
            return self._answer(403)
        ended = self._distribution.guard.run(dict(self.headers.items()), self.path, self.command)
        if ended.answer is None:
            return self._answer(503)
        if not ended.passed:
            return self._generated(ended.answer)
        key = ended.answer["uri"].lstrip("/") or self._distribution.root_object
        found = self._bucket.get(key)
        if found is None:
            return self._answer(403)
        return self._answer(200, found.headers | SECURITY_HEADERS, found.body)

    def _generated(self, answer: dict[str, Any]) -> None:
        headers = {name: header["value"] for name, header in answer["headers"].items()}
        self._answer(answer["statusCode"], headers, answer.get("body", "").encode())

    def _answer(
        self, status: int, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
