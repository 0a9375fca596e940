"""The record of a running embedded AWS: who serves a port, and where its log is."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.errors import CommandError, Diagnostic, ExitCode

DEFAULT_PORT = 4566
LAST_PORT = 65535
FOLDER = Path(__file__).parents[1] / "build" / "embedded-aws"
STATUS_PATH = "/_dej/status"
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Record:
    """Written by `dej up`, read by the other commands, removed by an orderly end.

    log   the file with its output, None in the foreground
    data  the folder of its state, None if nothing is kept
    """

    port: int
    pid: int
    log: str | None
    data: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = _path(self.port)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(path)

    def remove(self) -> None:
        if find(self.port) == self:
            _path(self.port).unlink(missing_ok=True)


def find(port: int) -> Record | None:
    """The record for a port, whether its process lives or not.

    Without a file, because `build/` was deleted or another clone started it, the server is asked.
    """
    try:
        return Record(**json.loads(_path(port).read_text()))
    except FileNotFoundError:
        answer = asked(f"http://127.0.0.1:{port}", seconds=3.0)
        return Record(port, answer["pid"], None, answer["data_dir"]) if answer else None


def find_process(pid: int) -> Record | None:
    """The record that a process wrote, whatever its port."""
    return next((record for record in every() if record.pid == pid), None)


def every() -> list[Record]:
    """All records, by port."""
    found = [find(int(path.stem)) for path in FOLDER.glob("*.json")]
    return sorted((record for record in found if record), key=lambda record: record.port)


def status(record: Record) -> dict[str, Any] | None:
    """What the server says of itself, or None if the recorded process does not answer."""
    content = asked(record.url)
    return content if content and content["pid"] == record.pid else None


def asked(url: str, seconds: float = 10.0) -> dict[str, Any] | None:
    """What the embedded AWS at an address says of itself, or None if there is none."""
    try:
        with LOOPBACK.open(url + STATUS_PATH, timeout=seconds) as answer:
            content = json.load(answer)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return content if isinstance(content, dict) and "pid" in content else None


def end(record: Record, seconds: float = 30.0) -> bool:
    """Asks the server to end and waits for it; False if it still lives after `seconds`."""
    try:
        os.kill(record.pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not alive(record.pid):
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not, where that shows."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def down_command(port: int) -> str:
    """What ends the server on a port."""
    return "dej down" if port == DEFAULT_PORT else f"dej down --port {port}"


def absent(port: int) -> Diagnostic:
    """The sentence about a port that no embedded AWS serves."""
    others = [record.port for record in every() if status(record) is not None]
    hint = f"dej status --port {others[0]}" if others else f"dej up --detach --port {port}"
    note = f"one runs on port {others[0]}" if others else None
    return Diagnostic(
        f"No embedded AWS runs on port {port}.", ExitCode.REFUSED, note=note, hint=hint
    )


def died(record: Record) -> Diagnostic:
    """The sentence about a server that ended without `dej down`."""
    return Diagnostic(
        f"The embedded AWS on port {record.port} died (process {record.pid} does not answer).",
        ExitCode.REFUSED,
        context=last_line(record),
        note=f"its output is in {record.log}" if record.log else None,
        hint=f"dej up --port {record.port}" + (f" --data {record.data}" if record.data else ""),
    )


def port_taken(port: int) -> CommandError:
    """The sentence about a port that something else listens on."""
    record = find(port)
    if record is not None and status(record) is not None:
        message = f"The embedded AWS already runs on port {port} (process {record.pid})."
        hint = down_command(port)
    else:
        message = f"Port {port} is taken by another program: give --port another number."
        hint = f"dej up --port {port + 1}"
    return CommandError(Diagnostic(message, ExitCode.FAILED, hint=hint))


def last_line(record: Record) -> str | None:
    """The last line of the server's output, unless that only says that it started well."""
    if record.log is None or not Path(record.log).exists():
        return None
    lines = Path(record.log).read_text(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines and not lines[-1].startswith("Ready") else None


def _path(port: int) -> Path:
    return FOLDER / f"{port}.json"
