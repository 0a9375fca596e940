"""Switches of tests: what the next invocations of a function come to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from embedded_aws.lambda_runtime.environment import Crash

Matches = Callable[[Any], bool]


@dataclass
class _Fault:
    times: int
    matches: Matches
    crash: Crash | None = None
    error: bytes | None = None


@dataclass
class FunctionFaults:
    """Crashes and errors to come, per function name; each is spent after `times` invocations."""

    _planned: dict[str, list[_Fault]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def crash(
        self,
        function: str,
        times: int = 1,
        when: Crash = Crash.BEFORE,
        matches: Matches = lambda event: True,
    ) -> None:
        """The function's process dies (Runtime.ExitError) for events that match."""
        self._plan(function, _Fault(times, matches, crash=when))

    def fail(
        self,
        function: str,
        error_type: str,
        message: str = "planned by a test",
        times: int = 1,
        matches: Matches = lambda event: True,
    ) -> None:
        """The function raises an error of this type, without being run."""
        body = {"errorType": error_type, "errorMessage": message, "stackTrace": []}
        self._plan(function, _Fault(times, matches, error=json.dumps(body).encode()))

    def clear(self) -> None:
        """Forgets what was planned and not spent."""
        with self._lock:
            self._planned.clear()

    def take(self, function: str, event: Any) -> tuple[Crash | None, bytes | None]:
        """What is planned for this invocation: a crash, an error object, or neither."""
        if not self._planned:
            return None, None
        with self._lock:
            for fault in self._planned.get(function, []):
                if fault.times > 0 and fault.matches(event):
                    fault.times -= 1
                    return fault.crash, fault.error
        return None, None

    def _plan(self, function: str, fault: _Fault) -> None:
        with self._lock:
            self._planned.setdefault(function, []).append(fault)
