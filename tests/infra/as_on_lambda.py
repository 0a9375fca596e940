"""Calls the dbt runner in a process that has what a Lambda function has, and nothing else.

Argument: a JSON object with `paths` (code, layer, runtime), `hosts` (names with their addresses)
and `events`, each of which may set environment variables for itself and those after it. Writes a
line `RESULT …` with what the process lacks, and one with each answer or error.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import socket
import sys
from typing import Any

GIVEN = json.loads(sys.argv[1])


class NoSemaphores:
    """Lambda has no /dev/shm: its kernel says so when a semaphore is made."""

    SEM_VALUE_MAX = 1

    def __init__(self, *given: Any) -> None:
        raise OSError(38, "Function not implemented")


def without_semaphores() -> None:
    setattr(importlib.import_module("_multiprocessing"), "SemLock", NoSemaphores)  # noqa: B010


def with_names() -> None:
    """The network's name server: knows the workgroup and lets every other name be."""
    ask = socket.getaddrinfo

    def asked(host: Any, *more: Any, **options: Any) -> Any:
        return ask(GIVEN["hosts"].get(host, host), *more, **options)

    socket.getaddrinfo = asked


def lacking() -> dict[str, Any]:
    """What was to be taken away, as the process itself finds it."""
    import multiprocessing

    found: dict[str, Any] = {"git": shutil.which("git")}
    try:
        multiprocessing.Lock()
    except OSError as error:
        found["semaphores"] = error.strerror
    for folder in GIVEN["paths"][:2]:
        try:
            with open(os.path.join(folder, "new"), "w"):
                found["writable"] = folder
        except PermissionError:
            pass
    return found


def called(event: dict[str, Any]) -> Any:
    from dbt_runner.handler import handler

    os.environ.update(event.pop("environment", {}))
    try:
        return handler(event, None)
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


if __name__ == "__main__":
    sys.path[:0] = GIVEN["paths"]
    without_semaphores()
    with_names()
    print("RESULT", json.dumps(lacking()), flush=True)
    for one in GIVEN["events"]:
        print("RESULT", json.dumps(called(one)), flush=True)
