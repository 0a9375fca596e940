"""A PostgreSQL server of its own, in a temporary folder, for as long as a test session needs it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2

DATABASE = "analytics"
SUPERUSER = "gold"
# Durability is of no use to a database that is thrown away.
# Joins are taken in the order they are written and by hash: tables just made have no statistics.
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=128MB",
    "work_mem=64MB",
    "jit=off",
    "join_collapse_limit=1",
    "from_collapse_limit=1",
    "enable_nestloop=off",
)
START_SECONDS = 30


@contextmanager
def server() -> Iterator[int]:
    """Yields the port of a PostgreSQL on 127.0.0.1 with the empty database `analytics`.

    Raises FileNotFoundError where PostgreSQL is not installed, and RuntimeError with the server's
    log where it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="gold-postgres-"))
    as_user = _unprivileged(folder)
    try:
        created = [_binary("initdb"), "-D", str(folder / "data"), "-U", SUPERUSER]
        _run([*created, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-N"], as_user)
        port = _free_port()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [_binary("postgres"), "-D", str(folder / "data"), "-p", str(port)]
                + ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
                + [word for setting in SETTINGS for word in ("-c", setting)],
                stdout=log,
                stderr=log,
                cwd=folder,
                **as_user,
            )
        try:
            _wait_until_ready(port, process, folder / "log")
            yield port
        finally:
            process.send_signal(signal.SIGINT)  # ends without waiting for clients
            process.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def connect(port: int, database: str = DATABASE) -> Any:
    """An autocommitting connection as the superuser."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user=SUPERUSER, password="-", dbname=database
    )
    connection.autocommit = True
    return connection


def _binary(name: str) -> str:
    """Debian keeps the server's programs out of PATH, one folder per version."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    found = str(installed[-1]) if installed else shutil.which(name)
    if not found:
        raise FileNotFoundError(
            f"PostgreSQL's {name} is not installed; install Debian's package postgresql"
        )
    return found


def _version(program: Path) -> int:
    return int(program.parent.parent.name)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root; then it runs as nobody, who owns the folder."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, "nobody", "nogroup")
    return {"user": "nobody", "group": "nogroup"}


def _run(command: Sequence[str], as_user: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **as_user)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(psycopg2.OperationalError):
            first = connect(port, "postgres")
            first.cursor().execute(f"create database {DATABASE}")
            first.close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
