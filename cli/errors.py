"""Errors of commands as data: `main.py` alone shows them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ExitCode(enum.IntEnum):
    """What a script learns from a command's end."""

    DONE = 0
    FAILED = 1
    """The run, or what the command was to do, failed."""
    USAGE = 2
    REFUSED = 3
    """AWS refused the call, or cannot be reached."""
    INTERRUPTED = 130


@dataclass(frozen=True)
class Diagnostic:
    """What went wrong, for a person.

    message  one sentence
    context  the first cause, in the words of whoever refused
    note     whose fault it is, if that is not plain
    hint     a command to paste
    """

    message: str
    code: ExitCode = ExitCode.FAILED
    context: str | None = None
    note: str | None = None
    hint: str | None = None


class CommandError(Exception):
    """Ends a command with a diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
