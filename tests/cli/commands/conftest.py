"""Commands against one stack on an embedded AWS of this process."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest

from cli import main
from cli.output import output
from tests.stack import Stack, running_stack


@dataclass(frozen=True)
class Ended:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its data, if it ran with --json."""
        return [json.loads(line) for line in self.out.splitlines()]


Dej = Callable[..., Ended]


@pytest.fixture(scope="package")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Iterator[Stack]:
    """The stack, with no planned faults before and after the test."""
    shared_stack.clear_faults()
    yield shared_stack
    shared_stack.clear_faults()


@pytest.fixture
def dej(shared_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Dej:
    """Runs `dej ARGUMENTS --endpoint URL` in this process, as the console script does."""
    monkeypatch.setattr(output, "json", False)

    def run(*arguments: str) -> Ended:
        url = shared_stack.aws.endpoint.url
        monkeypatch.setattr(sys, "argv", ["dej", *arguments, "--endpoint", url])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main.main()
        return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    return run
