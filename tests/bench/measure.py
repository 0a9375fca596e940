"""What a measurement is, and what there is to know about the machine that it was made on."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One line of the report; `goal` is a sentence, `met` None where there is none."""

    name: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None


def rate(work: Callable[[], int], seconds: float) -> float:
    """Units per CPU second of this thread: `work` does some and says how many."""
    work()  # caches fill, modules load
    done, start = 0, time.thread_time()
    while (spent := time.thread_time() - start) < seconds:
        done += work()
    return done / spent


def machine() -> dict[str, Any]:
    """Processor, memory, Python, and how busy the machine is with other work."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def resident_mb() -> int:
    """Resident memory of this process."""
    return _status("VmRSS")


def peak_mb() -> int:
    """The most resident memory that this process has had."""
    return _status("VmHWM")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) // 1024
    return 0


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
