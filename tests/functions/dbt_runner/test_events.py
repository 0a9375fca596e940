"""Log lines of the runner."""

from __future__ import annotations

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dbt_runner.events import EventLog
from dbt_runner.request import Request


class Slow(io.StringIO):
    """Lets other threads write between any two writes of one."""

    def write(self, text: str) -> int:
        time.sleep(0.001)
        return super().write(text)


def test_threads_that_write_at_once_make_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    written = Slow()
    monkeypatch.setattr("sys.stdout", written)
    log = EventLog(Request("run", "e", "facts"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: log.write("info", f"model {number}"), range(40)))

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert {line["message"] for line in lines} == {f"model {number}" for number in range(40)}
