"""`dej up`: starts the embedded AWS."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from cli import local_server
from cli.errors import CommandError, Diagnostic, ExitCode
from cli.local_server import DEFAULT_PORT, LAST_PORT, Record
from cli.output import output

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.clock import Clock

START_SECONDS = 60.0
LOG_VARIABLE = "DEJ_LOG"  # tells the detached process where its output goes

Port = Annotated[
    int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=LAST_PORT)
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the state; without it everything is gone at the end.", file_okay=False
    ),
]
ClockText = Annotated[
    str,
    typer.Option("--clock", help="real, 60x (that much faster), or virtual@2026-01-31T05:59:00Z."),
]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Leave it in the background.")]
Upstream = Annotated[
    str | None,
    typer.Option(help="OpenAI-compatible URL of a model; default: the built-in rules."),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(up)


def up(
    port: Port = DEFAULT_PORT,
    data: Data = None,
    clock: ClockText = "real",
    detach: Detach = False,
    upstream: Upstream = None,
) -> None:
    """Start the embedded AWS: one process, one endpoint on 127.0.0.1."""
    parse_clock(clock)  # before anything slow is imported or started
    _check_upstream(upstream)
    if detach:
        _start_detached(port, data.resolve() if data else None, clock, upstream)
    else:
        _serve(port, data, clock, upstream)


def _serve(port: int, data: Path | None, clock: str, upstream: str | None) -> None:
    from embedded_aws.dataplane.gateway import PortTaken
    from embedded_aws.dataplane.snapshots import SnapshotError
    from embedded_aws.server import running

    stopped = _StopSignal()
    folder = data.resolve() if data else None
    try:
        with running(folder, _make_clock(clock), port, upstream) as aws:
            bound = int(aws.endpoint.url.rpartition(":")[2])
            log = os.environ.get(LOG_VARIABLE)
            record = Record(bound, os.getpid(), log, str(folder) if folder else None)
            record.write()
            try:
                shown = {"url": aws.endpoint.url, "pid": record.pid}
                output.record(shown, aws.endpoint.url)
                output.say(f"Ready. Ctrl-C or `{local_server.down_command(bound)}` ends it.")
                while not stopped.wait(0.2) and aws.alive:
                    pass
            finally:
                record.remove()
    except PortTaken as error:
        raise local_server.port_taken(error.port) from error
    except SnapshotError as error:
        raise CommandError(Diagnostic(str(error))) from error
    if stopped.signal == signal.SIGINT:
        raise typer.Exit(ExitCode.INTERRUPTED)


class _StopSignal:
    """SIGINT and SIGTERM end the server in order; a second one ends it at once."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._event = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._set)

    def wait(self, seconds: float) -> bool:
        return self._event.wait(seconds)

    def _set(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._event.set()
        signal.signal(number, signal.SIG_DFL)


def _start_detached(port: int, data: Path | None, clock: str, upstream: str | None) -> None:
    """Starts `dej up` as a process of its own and waits until it answers."""
    _require_free(port)
    local_server.FOLDER.mkdir(parents=True, exist_ok=True)
    log = local_server.FOLDER / f"{port or 'any'}.log"
    options = {"--port": port, "--clock": clock, "--data": data, "--upstream": upstream}
    given = [str(part) for option in options.items() if option[1] is not None for part in option]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", *given],
            cwd=Path(__file__).parents[2],
            env={**os.environ, LOG_VARIABLE: str(log)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    record = _wait_for(process, log)
    shown = {"url": record.url, "pid": record.pid, "log": record.log}
    output.record(shown, record.url)
    down = local_server.down_command(record.port)
    output.say(f"Runs in the background as process {record.pid}; `{down}` ends it.")


def _wait_for(process: subprocess.Popen[bytes], log: Path) -> Record:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        record = local_server.find_process(process.pid)
        if record is not None and local_server.status(record) is not None:
            return record
        time.sleep(0.05)
    process.kill()
    lines = log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
    told = [line for line in lines if line.startswith("error: ")] or lines
    raise CommandError(
        Diagnostic(
            "The embedded AWS ended while it started.",
            context=told[-1].removeprefix("error: "),
            note=f"its output is in {log}",
        )
    )


def _require_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise local_server.port_taken(port) from error


def _check_upstream(url: str | None) -> None:
    if url is not None and not re.match(r"https?://[^/]", url):
        raise CommandError(
            Diagnostic(
                f"--upstream is {url!r}: give a URL such as http://127.0.0.1:11434/v1.",
                ExitCode.USAGE,
            )
        )


def parse_clock(text: str) -> tuple[str, float]:
    """What --clock names: ("scaled", rate), real being 1, or ("virtual", start in epoch seconds).

    Raises CommandError.
    """
    if text == "real":
        return "scaled", 1.0
    rate = re.fullmatch(r"(\d+(?:\.\d+)?)x", text)
    if rate and float(rate[1]) > 0:
        return "scaled", float(rate[1])
    if text.startswith("virtual@"):
        with contextlib.suppress(ValueError):
            instant = datetime.fromisoformat(text.removeprefix("virtual@"))
            return "virtual", instant.replace(tzinfo=instant.tzinfo or UTC).timestamp()
    raise CommandError(
        Diagnostic(
            f"--clock does not understand {text!r}: give real, a rate such as 60x, "
            "or virtual@2026-01-31T05:59:00Z.",
            ExitCode.USAGE,
        )
    )


def _make_clock(text: str) -> Clock:
    from embedded_aws.stepfunctions.clock import Clock

    kind, value = parse_clock(text)
    return Clock.virtual(value) if kind == "virtual" else Clock.scaled(value)
