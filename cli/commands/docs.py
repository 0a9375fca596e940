"""`dej docs`: the published documentation of the star schema, served on this machine."""

from __future__ import annotations

import errno
import http.server
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import CommandError, Diagnostic
from cli.output import output
from cli.stack import LOCAL, Endpoint, StackName, open_stack

PAGE = "index.html"

Port = Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(docs)


def docs(port: Port = 8088, stack: StackName = LOCAL, endpoint: Endpoint = None) -> None:
    """Serve the site that the last build published, until interrupted."""
    place = open_stack(stack, endpoint)
    with tempfile.TemporaryDirectory() as folder:
        fetch(place.client("s3"), place.thing("docs"), Path(folder))
        with server(Path(folder), port) as running:
            url = f"http://127.0.0.1:{running.server_address[1]}/"
            output.record({"url": url}, url)
            output.say("Serves the docs until Ctrl-C.")
            running.serve_forever()


def fetch(s3: Any, bucket: str, folder: Path) -> None:
    """The published page into a folder. Raises CommandError if nothing is published."""
    from botocore.exceptions import ClientError

    try:
        page = s3.get_object(Bucket=bucket, Key=PAGE)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise CommandError(
            Diagnostic("No docs are published yet.", hint="dej gold build")
        ) from None
    (folder / PAGE).write_bytes(page)


def server(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    """A server of a folder, on this machine only. Raises CommandError if the port is taken."""
    handler = partial(_Quiet, directory=str(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = f"Port {port} is taken by another program: give --port another number."
        raise CommandError(Diagnostic(message, hint="dej docs --port 0")) from None


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".html": "text/html; charset=utf-8"}  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news."""
