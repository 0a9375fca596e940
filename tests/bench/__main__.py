"""`python -m tests.bench`: measures partition path, queue, slots and their parts; takes long.

Prints one table and writes build/bench/report.json. Ends with 1 if a goal is not met.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "functions"))  # as pytest does it

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from embedded_aws.stepfunctions.clock import Clock  # noqa: E402
from tests.bench.engines import measure_engines  # noqa: E402
from tests.bench.measure import Measured, machine  # noqa: E402
from tests.bench.partition import measure_partition  # noqa: E402
from tests.bench.parts import measure_model, measure_parsing  # noqa: E402
from tests.bench.queue import measure_queue  # noqa: E402
from tests.bench.slots import measure_slots  # noqa: E402
from tests.queue_stack import set_limit  # noqa: E402
from tests.stack import running_stack  # noqa: E402

REPORT = ROOT / "build" / "bench" / "report.json"
ENOUGH_SLOTS = 100  # nobody waits: a call takes milliseconds here, a look for a free slot a second


def main() -> int:
    options = read_options()
    found, about = measure(options), machine()
    Console().print(table(found, about))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about,
        "measured": [asdict(one) for one in found],
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if any(one.met is False for one in found) else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000, help="postings in the partition")
    parser.add_argument("--long", type=int, default=50, help="of them with 100 KB")
    parser.add_argument("--queued", type=int, default=300, help="postings through the queue")
    parser.add_argument("--slots", type=int, default=2_000, help="postings per limit of slots")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> list[Measured]:
    """All measurements, each on a stack of its own; the partition on the computer's clock."""
    begin(f"a partition of {options.rows:,} postings, twice")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder), Clock.real()) as stack,
    ):
        set_limit(stack, ENOUGH_SLOTS)
        partition, exchanges = measure_partition(stack, options.rows, options.long)
    parts = [measure_model(exchanges), measure_parsing(exchanges)]
    begin(f"the queue, {options.queued:,} postings")
    queue = measure_queue(options.queued)
    begin(f"slots, {options.slots:,} postings per limit")
    slots = measure_slots(options.slots)
    begin("the engine alone")
    return [*partition, *queue, *slots, *parts, *measure_engines()]


def begin(what: str) -> None:
    """Says what is measured next."""
    print(f"{datetime.now():%H:%M} {what} …", file=sys.stderr)


def table(found: list[Measured], about: dict[str, Any]) -> Table:
    title = "{processor}, {cores} cores, {memory_mb} MB, Python {python}, load {load}"
    shown = Table(title=title.format(**about))
    for name in ("measured", "value", "unit", "goal"):
        shown.add_column(name, justify="right" if name == "value" else "left")
    for one in found:
        marks = {True: "met", False: "MISSED", None: ""}
        goal = f"{one.goal}: {marks[one.met]}" if one.goal else ""
        digits = 0 if one.value >= 100 or one.value == int(one.value) else 1
        digits = 4 if one.unit == "USD" else digits
        shown.add_row(one.name, f"{one.value:,.{digits}f}", one.unit, goal)
    return shown


if __name__ == "__main__":
    sys.exit(main())
