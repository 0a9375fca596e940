"""How full the slots of a model are kept, under a model that takes 8 to 40 s for a call.

All postings wait in the queue when the first starts; the clock is virtual, the workflows are the
real ones. `python -m tests.bench.slots LIMIT POSTINGS` measures in a process of its own, so that
its memory ends with it, and prints JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.costs import PRICES
from tests.bench.measure import Measured
from tests.bench.source_scheme import at_once, own_estimate, paced, simulate
from tests.queue_stack import (
    job,
    occupancy,
    schedules_paused,
    send_jobs,
    set_limit,
    settle,
    slot_writes,
)
from tests.stack import Stack, new_hour, new_posting, running_stack
from tests.taps import calls_delayed

ROOT = Path(__file__).resolve().parents[2]
CALL = (8.0, 40.0)  # seconds
GRANT_SECONDS = PRICES["assumed"]["express_seconds"]  # that a grant takes where a slot is free
LIMITS = (5, 20, 50)
LEAST_BUSY = 0.95
PATIENCE = 7200.0  # seconds


@dataclass(frozen=True)
class Use:
    """What became of the postings, and of the slots meanwhile.

    busy     share of the slots held until fewer postings than slots are left, 0 to 1
    seconds  of the virtual clock, from the first grant to the last posting's end
    wall     seconds of this machine
    """

    completed: int
    failed: int
    most_owners: int
    owners_left: int
    busy: float
    seconds: float
    wall: float

    @property
    def per_hour(self) -> float:
        return self.completed * 3600 / self.seconds


def slot_use(stack: Stack, limit: int, count: int) -> Use:
    """Sends `count` new postings at once through slots of this limit."""
    set_limit(stack, limit)
    stack.aws.model.faults.stall_between(*CALL, seed=limit)
    hour, postings = new_hour(), [new_posting(job_title=f"Engineer {n}") for n in range(count)]
    began = time.monotonic()
    granting = calls_delayed(stack.aws.clock, "states", "StartSyncExecution", GRANT_SECONDS)
    # The sweep looks at each of the waiting executions: for hours of the virtual clock.
    with granting, schedules_paused(stack), slot_writes(stack) as writes:
        send_jobs(stack, [job(posting, hour) for posting in postings])
        settle(stack)
    wall = time.monotonic() - began
    items = [stack.posting_item(posting) for posting in postings]
    ends = sorted(datetime.fromisoformat(item["updatedAt"]["S"]).timestamp() for item in items)
    statuses = Counter(item["overallStatus"]["S"] for item in items)
    first = next(write.at for write in writes if write.owners)
    return Use(
        completed=statuses["COMPLETED"],
        failed=count - statuses["COMPLETED"],
        most_owners=max(write.owners for write in writes),
        owners_left=writes[-1].owners,
        busy=occupancy(writes, limit, until=ends[-limit]),
        seconds=ends[-1] - first,
        wall=wall,
    )


def measure_slots(count: int) -> list[Measured]:
    """The scheme of slots and the one before it, at each limit."""
    return [line for limit in LIMITS for line in _lines(limit, count)]


def _lines(limit: int, count: int) -> list[Measured]:
    use = _measured_apart(limit, count)
    met, goal = use.busy >= LEAST_BUSY, f"at least {LEAST_BUSY:.0%}"
    name = f"limit {limit}, {count:,} postings"
    lines = [
        Measured(f"{name}: slots busy", 100 * use.busy, "%", goal, met),
        Measured(f"{name}: not completed", use.failed, "postings", "none", use.failed == 0),
        Measured(
            f"{name}: most calls at once",
            use.most_owners,
            "",
            "at most the limit",
            use.most_owners <= limit,
        ),
        Measured(f"{name}: throughput", use.per_hour, "per virtual hour"),
        Measured(f"{name}: throughput of this machine", count / use.wall, "per s"),
    ]
    for sent, arrivals in (
        ("at once", at_once(count)),
        ("evenly", paced(count, limit, CALL)),
    ):
        run = simulate(arrivals, limit, CALL)
        old = f"one lock per posting, limit {limit}, sent {sent}"
        lines.append(Measured(f"{old}: not completed", run.failed, "postings"))
        lines.append(Measured(f"{old}: locks busy", 100 * run.busy, "%"))
        lines.append(Measured(f"{old}: throughput", run.per_hour, "per hour"))
    lines.append(Measured(f"its own estimate, limit {limit}", own_estimate(limit), "per hour"))
    return lines


def _measured_apart(limit: int, count: int) -> Use:
    command = [sys.executable, "-m", "tests.bench.slots", str(limit), str(count)]
    path = {**os.environ, "PYTHONPATH": str(ROOT / "functions")}
    done = subprocess.run(
        command, cwd=ROOT, env=path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        raise RuntimeError(f"slot use at limit {limit} was not measured: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Use(**found)


def main(limit: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder)) as stack:
        print(json.dumps(asdict(slot_use(stack, limit, count))))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
