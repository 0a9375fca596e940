"""One execution environment: a function's process, reused from call to call until it fails."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded_aws.lambda_runtime.runtime_api import Invocation, Reply, RuntimeApi

INIT_LIMIT_SECONDS = 10.0  # AWS stops an initialisation after this, and starts it once more
RESPONSE_LIMIT_BYTES = 6_291_556
BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


@dataclass(frozen=True)
class FunctionSpec:
    """All that decides what a process is; one that changes needs new environments.

    paths      package folder, layer folders, runtime folder, in import order
    variables  the function's own environment variables and its role's credentials
    """

    name: str
    handler: str
    runtime: str
    timeout: float
    memory_mb: int
    paths: tuple[Path, ...]
    variables: tuple[tuple[str, str], ...]


class Crash(enum.Enum):
    """When a test lets the process die: before it works, or after it, with its answer lost."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to.

    body     JSON: the function's answer, or AWS's error object if `failed`
    output   what the function wrote to stdout and stderr
    peak_mb  the process's largest resident memory so far, 0 if it is dead
    """

    body: bytes
    failed: bool
    output: str
    init_seconds: float | None
    seconds: float
    peak_mb: int


class Environment:
    """A running process of a function. Not for several threads at once; the pool sees to that."""

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self.log_stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}"
        self.usable = True
        self.last_used = time.monotonic()
        self._scratch = Path(tempfile.mkdtemp(prefix=f"lambda-{spec.name[:40]}-"))
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`
        # Appending, the process goes on at the start once the file has been emptied.
        fcntl.fcntl(self._output, fcntl.F_SETFL, os.O_APPEND)
        self._api = RuntimeApi()
        self._started: float | None = time.monotonic()
        self._process = self._start()
        threading.Thread(target=self._watch, name=f"lambda-{spec.name}", daemon=True).start()

    def invoke(self, invocation: Invocation, crash: Crash | None = None) -> Outcome:
        """Runs one event to its end; afterwards `usable` says whether the process lives on."""
        self._output.truncate(0)
        began = time.monotonic()
        ready = self._api.ready.wait(INIT_LIMIT_SECONDS + self.spec.timeout)
        init_seconds = None
        if self._started is not None:
            init_seconds, self._started = time.monotonic() - self._started, None
            began = time.monotonic()
        reply = self._exchange(invocation, crash) if ready else None
        body, failed = self._judge(reply, invocation.request_id)
        seconds = time.monotonic() - began
        self.last_used = time.monotonic()
        return Outcome(body, failed, self._read_output(), init_seconds, seconds, self._peak_mb())

    def _exchange(self, invocation: Invocation, crash: Crash | None) -> Reply | None:
        reply = None
        if crash is not Crash.BEFORE:
            self._api.send(invocation, time.time() + self.spec.timeout)
            reply = self._api.receive(self.spec.timeout)
        if crash is not None:
            self.kill()
            reply = Reply("exit")
        return reply

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends the process, from any thread: a call under way fails as Runtime.ExitError."""
        if self.alive:  # a number that was given back may belong to another process
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Ends the process and forgets its files."""
        self.usable = False
        self.kill()
        self._process.wait()
        self._api.close()
        self._output.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _judge(self, reply: Reply | None, request_id: str) -> tuple[bytes, bool]:
        if reply is None:
            self.usable = False
            self.kill()
            limit = f"{self.spec.timeout:.2f}"
            return _error(
                "Sandbox.Timedout",
                f"RequestId: {request_id} Error: Task timed out after {limit} seconds",
            )
        if reply.kind == "response":
            if len(reply.body) > RESPONSE_LIMIT_BYTES:
                return _error(
                    "Function.ResponseSizeTooLarge",
                    "Response payload size exceeded maximum allowed payload size "
                    f"({RESPONSE_LIMIT_BYTES} bytes).",
                )
            return reply.body, False
        if reply.kind == "error":
            return self._as_on_aws(reply.body), True
        self.usable = False
        if reply.kind == "init_error":
            return self._as_on_aws(reply.body), True
        return _error("Runtime.ExitError", f"RequestId: {request_id} Error: {self._death()}")

    def _death(self) -> str:
        code = self._process.wait()
        if code == 0:
            return "Runtime exited without providing a reason"
        if code < 0:
            reason = "killed" if code == -signal.SIGKILL else signal.strsignal(-code) or str(-code)
            return f"Runtime exited with error: signal: {reason.lower()}"
        return f"Runtime exited with error: exit status {code}"

    def _start(self) -> subprocess.Popen[bytes]:
        spec = self.spec
        command = [sys.executable, "-I", "-S", str(BOOTSTRAP), str(spec.memory_mb), spec.handler]
        return subprocess.Popen(
            [*command, *map(str, spec.paths)],
            cwd=spec.paths[0],
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    def _variables(self) -> Mapping[str, str]:
        spec = self.spec
        return {
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
            "TZ": ":UTC",
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
            **dict(spec.variables),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": spec.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_RUNTIME_DIR": str(spec.paths[-1]),
            "LAMBDA_TASK_ROOT": str(spec.paths[0]),
            "_HANDLER": spec.handler,
        }

    def _watch(self) -> None:
        self._process.wait()
        self._api.post(Reply("exit"))

    def _as_on_aws(self, text: bytes) -> bytes:
        """Stack traces name the folders that a function has on AWS."""
        text = text.replace(os.fsencode(self.spec.paths[0]), b"/var/task")
        return text.replace(os.fsencode(self.spec.paths[-1]), b"/var/runtime")

    def _peak_mb(self) -> int:
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(lines[0][1]) // 1024 if lines else 0

    def _read_output(self) -> str:
        self._output.seek(0)
        return self._as_on_aws(self._output.read()).decode(errors="replace")


def _error(error_type: str, message: str) -> tuple[bytes, bool]:
    body: dict[str, Any] = {"errorType": error_type, "errorMessage": message}
    return json.dumps(body).encode(), True
