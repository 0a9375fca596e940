"""`python -m tests.bench.gold`: measures builds of Gold on DuckDB; takes about 15 minutes.

Every dbt command runs in a process of its own, whose peak memory and seconds are taken. 90 % of
the generated postings are enriched. Prints one table and writes build/bench/gold.json. Ends with
1 if a goal is not met.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from resource import struct_rusage
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "functions"))  # as pytest does it

from rich.console import Console  # noqa: E402

from tests.bench.__main__ import table  # noqa: E402
from tests.bench.measure import Measured, machine  # noqa: E402
from tests.dbt_gold.generated import LAST_HOUR, append, company_count, generate  # noqa: E402

PROJECT = ROOT / "dbt_gold"
REPORT = ROOT / "build" / "bench" / "gold.json"
ADDED = 1_000
FIRST, SECOND = "2026-02-01 07:00:00", "2026-02-02 07:00:00"
CONFIDENCE = "job_confidence_details"
# As the workflow does it: no fact waits for a processor that a dimension has.
STEPS = (("staging",), ("dimensions",), ("facts",), ("bridges",), ("aggregations", "data_quality"))
MEMORY_LIMIT = "3GB"  # of DuckDB; Python and dbt come on top
MOST_MB, MOST_SECONDS, MOST_CORE_SECONDS, MOST_GROWTH = 4_096, 360, 60, 1.5


@dataclass
class Build:
    """A database over a generated lake; peak memory of the heaviest command, CPU time of all."""

    folder: Path
    postings: int
    peak_mb: int = 0
    cpu_seconds: float = 0
    nodes: dict[str, float] = field(default_factory=dict)

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def dbt(self, *arguments: str, **variables: Any) -> float:
        """Seconds of a command. Raises RuntimeError if it fails; adds to `nodes`."""
        given = {"silver_root": str(self.lake), "run_id": "bench", **variables}
        words = [*arguments, "--vars", json.dumps(given), "--project-dir", str(PROJECT)]
        words += ["--profiles-dir", str(PROJECT), "--target-path", str(self.folder / "target")]
        words += ["--log-path", str(self.folder / "logs"), "--quiet"]
        started = time.monotonic()
        code, usage = _process(words, self.folder / "analytics.duckdb")
        self.peak_mb = max(self.peak_mb, usage.ru_maxrss // 1_024)
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        if code:
            raise RuntimeError(f"dbt {arguments[0]} failed: see {self.folder / 'logs'}")
        results = json.loads((self.folder / "target" / "run_results.json").read_text())["results"]
        self.nodes |= {one["unique_id"].split(".")[2]: one["execution_time"] for one in results}
        return time.monotonic() - started

    def seconds_of(self, *prefixes: str) -> float:
        """Sum over the models whose names begin so."""
        return sum(spent for name, spent in self.nodes.items() if name.startswith(prefixes))


def _process(words: list[str], database: Path) -> tuple[int, struct_rusage]:
    """Exit code of a dbt process, and what it used."""
    environment = {"DUCKDB_PATH": str(database), "DUCKDB_MEMORY_LIMIT": MEMORY_LIMIT}
    command = Path(sys.executable).with_name("dbt")
    process = subprocess.Popen([command, *words], env=os.environ | environment)
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage


def main() -> int:
    options = read_options()
    found: list[Measured] = []
    increments: list[float] = []
    for postings in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            build = Build(Path(folder), postings)
            found += full(build, exclude=())
            found += increment(build)
            increments.append(build.seconds_of("fact_", "bridge_"))
    if len(increments) > 1:
        found.append(growth(increments))
    if options.large:
        with tempfile.TemporaryDirectory() as folder:
            found += large(Build(Path(folder), options.large))
    about = machine()
    Console().print(table(found, about))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": about, "measured": [asdict(one) for one in found]}
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if any(one.met is False for one in found) else 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.gold", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--large", type=int, default=1_000_000, help="0 leaves it out")
    return parser.parse_args()


def full(build: Build, exclude: Sequence[str]) -> list[Measured]:
    """A first build of everything, but for the excluded models."""
    started = time.monotonic()
    generate(build.lake, build.postings)
    made = time.monotonic() - started
    size = sum(file.stat().st_size for file in build.lake.rglob("*.parquet"))
    seconds = build.dbt("seed", run_started_at=FIRST)
    seconds += build.dbt("run", *_excluding(exclude), run_started_at=FIRST)
    name = f"{build.postings:,} postings"
    return [
        Measured(f"{name}: input", size / 1e6, "MB of Parquet"),
        Measured(f"{name}: generated in", made, "s"),
        Measured(f"{name}: full build", seconds, "s, seeds included"),
        Measured(f"{name}: CPU time of it", build.cpu_seconds, "s"),
        Measured(f"{name}: fact", build.seconds_of("fact_"), "s"),
        Measured(f"{name}: bridges", build.seconds_of("bridge_"), "s"),
        Measured(f"{name}: aggregations", build.seconds_of("agg_"), "s"),
        Measured(f"{name}: {CONFIDENCE}", build.seconds_of(CONFIDENCE), "s"),
        Measured(f"{name}: peak memory", build.peak_mb, "MB"),
    ]


def increment(build: Build) -> list[Measured]:
    """One more hour with `ADDED` postings."""
    hour = LAST_HOUR + timedelta(days=1)
    numbers = range(build.postings, build.postings + ADDED)
    append(build.lake, hour, numbers, company_count(build.postings))
    seconds = sum(
        build.dbt(
            "run",
            "--select",
            *(f"path:models/{folder}" for folder in folders),
            run_started_at=SECOND,
            last_good_build_started_at=FIRST,
            changed_partitions=[hour.strftime("%Y/%m/%d/%H")],
        )
        for folders in STEPS
    )
    name = f"{build.postings:,} postings and {ADDED:,}"
    return [
        Measured(f"{name}: build", seconds, f"s, {len(STEPS)} dbt commands"),
        Measured(f"{name}: fact and bridges", build.seconds_of("fact_", "bridge_"), "s"),
    ]


def growth(increments: list[float]) -> Measured:
    """How much longer the increment takes at the last size than at the first."""
    ratio = increments[-1] / increments[0]
    goal = f"at most {MOST_GROWTH} x"
    return Measured("fact and bridges, growth of the increment", ratio, "x", goal,
                    ratio <= MOST_GROWTH)  # fmt: skip


def large(build: Build) -> list[Measured]:
    """Everything but the confidence table, then what that adds."""
    found = full(build, exclude=[CONFIDENCE])
    total = next(one.value for one in found if one.name.endswith("full build"))
    core = build.seconds_of("fact_", "agg_")
    peak = build.peak_mb
    name = f"{build.postings:,} postings"
    goals: list[tuple[str, float, str, float]] = [
        ("full build", total, "s", MOST_SECONDS),
        ("fact and aggregations", core, "s", MOST_CORE_SECONDS),
        ("peak memory", peak, "MB", MOST_MB),
    ]
    kept = [
        one for one in found if not one.name.endswith((CONFIDENCE, "full build", "peak memory"))
    ]
    kept += [
        Measured(f"{name} without {CONFIDENCE}: {what}", value, unit, f"at most {most}",
                 value <= most)
        for what, value, unit, most in goals
    ]  # fmt: skip
    seconds = build.dbt("run", "--select", CONFIDENCE, run_started_at=FIRST)
    return [*kept, Measured(f"{name}: {CONFIDENCE} adds", seconds, "s")]


def _excluding(models: Sequence[str]) -> list[str]:
    return ["--exclude", *models] if models else []


if __name__ == "__main__":
    sys.exit(main())
