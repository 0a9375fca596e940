"""`dej docs` serves the page that the last build published, to this machine alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli.stack import ROOT
from tests.cli.commands.conftest import Dej
from tests.stack import Stack

PAGE = "<title>Gold, größer</title>".encode()
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def published(stack: Stack) -> Iterator[None]:
    """A page in the docs bucket as the runner puts it there."""
    stack.client("s3").put_object(
        Bucket=stack.outputs["docs_bucket"],
        Key="index.html",
        Body=PAGE,
        ContentType="text/html; charset=utf-8",
    )
    yield
    unpublish(stack)


def unpublish(stack: Stack) -> None:
    stack.client("s3").delete_object(Bucket=stack.outputs["docs_bucket"], Key="index.html")


@contextmanager
def docs_of(stack: Stack, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which is ended."""
    command = [sys.executable, "-m", "cli.main", *options]

    def listen() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job's children ignore it

    process = subprocess.Popen(
        [*command, "--endpoint", stack.aws.endpoint.url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.usefixtures("published")
def test_it_says_where_and_serves_until_it_is_interrupted(stack: Stack) -> None:
    with docs_of(stack, "docs", "--port", "0") as process:
        url = first_line(process)
        with DIRECT.open(url, timeout=10) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.read() == PAGE
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=10)

    assert process.returncode == 130
    assert err.splitlines()[0] == "Serves the docs until Ctrl-C."
    assert "Traceback" not in err


@pytest.mark.usefixtures("published")
def test_the_address_is_data(stack: Stack) -> None:
    with docs_of(stack, "--json", "docs", "--port", "0") as process:
        url = json.loads(first_line(process))["url"]
        with DIRECT.open(url, timeout=10) as answer:
            assert answer.status == 200


@pytest.mark.usefixtures("published")
def test_other_machines_do_not_reach_it(stack: Stack) -> None:
    """Every address of 127.0.0.0/8 is this machine's; a server of all interfaces answers on it."""
    with docs_of(stack, "docs", "--port", "0") as process:
        port = int(first_line(process).rstrip("/").rsplit(":", 1)[1])
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        for address in ("127.0.0.2", "::1"):
            with pytest.raises(OSError, match=r"refused|not available|unreachable"):
                socket.create_connection((address, port), timeout=10)


@pytest.mark.usefixtures("published")
def test_a_taken_port(dej: Dej) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = dej("docs", "--port", str(port))

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        f"error: Port {port} is taken by another program: give --port another number.\n"
        "  try: dej docs --port 0\n"
    )


def test_nothing_is_published_yet(stack: Stack, dej: Dej) -> None:
    unpublish(stack)

    ended = dej("docs", "--port", "0")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: No docs are published yet.\n  try: dej gold build\n"


def test_a_stack_that_is_not_deployed(dej: Dej) -> None:
    ended = dej("docs", "--port", "0", "--stack", "prod")

    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: GetObject finds nothing there.\n")
    assert "is the stack deployed?" in ended.err


@pytest.mark.parametrize("port", ["-1", "65536", "eighty"])
def test_no_port(dej: Dej, port: str) -> None:
    ended = dej("docs", "--port", port)

    assert ended.code == 2
    assert "--port" in ended.err
