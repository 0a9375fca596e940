"""`dej up`, `down` and `status` with real processes."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import local_server
from embedded_aws.endpoint import Endpoint

ROOT = Path(__file__).parents[3]
Dej = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def port() -> Iterator[int]:
    """A free port; what serves it after the test is ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = int(free.getsockname()[1])
    yield number
    record = local_server.find(number)
    if record is not None:
        local_server.end(record)
        record.remove()
    (local_server.FOLDER / f"{number}.log").unlink(missing_ok=True)


@pytest.fixture
def dej(port: int) -> Dej:
    """Runs `dej ARGUMENTS --port PORT`."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli.main", *arguments, "--port", str(port)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    return run


def process_of(port: int) -> int:
    record = local_server.find(port)
    assert record is not None
    return record.pid


def test_up_status_down(dej: Dej, port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    up = dej("up", "--detach")
    assert (up.returncode, up.stdout) == (0, f"{url}\n"), up.stderr
    Endpoint(url).client("s3").create_bucket(Bucket="lake")
    status = dej("--json", "status")
    assert status.returncode == 0
    shown = json.loads(status.stdout)
    assert (shown["url"], shown["pid"]) == (url, process_of(port))
    assert (shown["data_dir"], shown["machines"], shown["executions"]) == (None, 0, {})
    again = dej("up", "--detach")
    assert again.returncode == 1
    first_line = again.stderr.splitlines()[0]
    pid = process_of(port)
    assert first_line == f"error: The embedded AWS already runs on port {port} (process {pid})."
    down = dej("down")
    assert (down.returncode, down.stdout) == (0, f"ended process {pid}\n")
    assert not local_server.alive(pid)
    assert dej("down").stderr == f"No embedded AWS runs on port {port}.\n"
    gone = dej("status")
    assert gone.returncode == 3
    assert gone.stderr.startswith(f"error: No embedded AWS runs on port {port}.\n")


@pytest.mark.parametrize("options", [[], ["--detach"]])
def test_a_port_that_another_program_has(dej: Dej, port: int, options: list[str]) -> None:
    with socket.create_server(("127.0.0.1", port)):
        up = dej("up", *options)
    assert up.returncode == 1
    assert up.stderr == (
        f"error: Port {port} is taken by another program: give --port another number.\n"
        f"  try: dej up --port {port + 1}\n"
    )


def test_a_dead_process_is_said_in_one_sentence(dej: Dej, port: int) -> None:
    dej("up", "--detach")
    pid = process_of(port)
    os.kill(pid, signal.SIGKILL)
    sentence = f"error: The embedded AWS on port {port} died (process {pid} does not answer)."
    status = dej("status")
    assert status.returncode == 3
    assert status.stderr.splitlines()[0] == sentence
    down = dej("down")
    assert down.returncode == 0
    assert down.stderr.splitlines()[0] == sentence
    assert dej("up", "--detach").returncode == 0


def test_a_server_whose_record_was_deleted_is_found_at_its_port(dej: Dej, port: int) -> None:
    dej("up", "--detach")
    pid = process_of(port)
    (local_server.FOLDER / f"{port}.json").unlink()  # as `rm -rf build` does

    assert json.loads(dej("--json", "status").stdout)["pid"] == pid
    assert dej("up").stderr.startswith(f"error: The embedded AWS already runs on port {port} ")
    assert dej("down").stdout == f"ended process {pid}\n"
    assert dej("status").returncode == 3


def test_the_way_back_of_a_dead_process_names_its_folder(
    dej: Dej, port: int, tmp_path: Path
) -> None:
    dej("up", "--detach", "--data", str(tmp_path))
    os.kill(process_of(port), signal.SIGKILL)

    assert dej("status").stderr.splitlines()[-1] == f"  try: dej up --port {port} --data {tmp_path}"


def test_state_survives_kill_9_up_to_its_last_snapshot(dej: Dej, port: int, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert dej("up", "--detach", "--data", str(folder)).returncode == 0
    endpoint = Endpoint(f"http://127.0.0.1:{port}")
    endpoint.client("s3").create_bucket(Bucket="early")
    dej("down")  # an orderly end writes a snapshot
    assert dej("up", "--detach", "--data", str(folder)).returncode == 0
    endpoint.client("s3").create_bucket(Bucket="late")
    os.kill(process_of(port), signal.SIGKILL)
    assert dej("up", "--detach", "--data", str(folder)).returncode == 0
    buckets = endpoint.client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["early"]
    assert json.loads(dej("--json", "status").stdout)["data_dir"] == str(folder)


def test_an_unreadable_folder_is_said_in_one_sentence(dej: Dej, port: int, tmp_path: Path) -> None:
    (tmp_path / "snapshot").write_text("garbage")
    up = dej("up", "--data", str(tmp_path))
    assert up.returncode == 1
    assert up.stderr.startswith(f"error: {tmp_path / 'snapshot'} is not a snapshot: ")
    assert len(up.stderr.splitlines()) == 1
    detached = dej("up", "--detach", "--data", str(tmp_path))
    assert detached.returncode == 1
    assert "is not a snapshot" in detached.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["ctrl-c", "down"]
)
def test_the_foreground_ends_in_order(port: int, number: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "cli.main", "up", "--port", str(port), "--clock", "60x"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"http://127.0.0.1:{port}\n"
        process.send_signal(number)
        assert process.wait(30) == code
    assert local_server.find(port) is None


def test_functions_end_with_a_killed_server(dej: Dej, port: int) -> None:
    dej("up", "--detach")
    pid = _call_function(Endpoint(f"http://127.0.0.1:{port}"))
    os.kill(process_of(port), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while local_server.alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not local_server.alive(pid)


@pytest.mark.parametrize("clock", ["fast", "0x", "virtual@tomorrow"])
def test_a_clock_that_does_not_exist_is_refused(dej: Dej, clock: str) -> None:
    up = dej("up", "--clock", clock)
    assert up.returncode == 2
    assert up.stderr.startswith(f"error: --clock does not understand '{clock}': give real,")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["up", "--upstream", "localhost:8080"],
            "error: --upstream is 'localhost:8080': give a URL",
        ),
        (
            ["apply", "--endpoint", "4566"],
            "error: --endpoint is '4566': give a URL such as http://",
        ),
        (
            ["apply", "--endpoint", "http://127.0.0.1:1"],
            "error: No embedded AWS answers at http://",
        ),
    ],
)
def test_an_address_that_serves_nothing_is_refused(arguments: list[str], sentence: str) -> None:
    command = [sys.executable, "-m", "cli.main", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.returncode in (2, 3)
    assert done.stderr.startswith(sentence)
    assert done.stdout == ""


def _call_function(endpoint: Endpoint) -> int:
    """Makes a function, calls it, and returns its process."""
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    role = endpoint.client("iam").create_role(
        RoleName="function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "import os\ndef handler(e, c): return os.getpid()")
    functions = endpoint.client("lambda")
    functions.create_function(
        FunctionName="some",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": package.getvalue()},
    )
    return int(functions.invoke(FunctionName="some")["Payload"].read())
