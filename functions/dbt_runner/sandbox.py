"""Makes dbt run where Lambda runs it: no usable /dev/shm, one folder to write to.

Import this before dbt: dbt makes its locks while it is imported.
"""

from __future__ import annotations

import os
import tempfile
import threading
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

WORK = Path(tempfile.gettempdir()) / "gold"
TARGET = WORK / "target"


def prepare() -> None:
    """Threads' locks for multiprocessing's, and a work folder that is the current one.

    Paths of the database file and of Silver are relative to it, so that a view over Silver's files
    made by one process is good for the next.
    """
    TARGET.mkdir(parents=True, exist_ok=True)
    os.chdir(WORK)
    os.environ["DBT_LOG_PATH"] = str(WORK / "logs")
    os.environ["DBT_TARGET_PATH"] = str(TARGET)
    setattr(BaseContext, "Lock", _lock)  # noqa: B010  (a method that mypy rightly protects)
    setattr(BaseContext, "RLock", _rlock)  # noqa: B010


def _lock(context: BaseContext) -> Any:
    return threading.Lock()


def _rlock(context: BaseContext) -> Any:
    return threading.RLock()
