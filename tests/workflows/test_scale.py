"""Size: many rows in a partition, many partitions in the lake, one that never succeeds."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embedded_aws.dataplane import ministack
from embedded_aws.dataplane.faults import Request
from tests.stack import Hour, Run, Stack, new_hour, row

pytestmark = pytest.mark.xdist_group("scale")

EVENT_LIMIT = 25_000  # of a STANDARD execution
PAYLOAD_LIMIT = 262_144  # bytes of an input or output
PER_RUN = 10  # max_partitions_per_run
FIRST_HOUR = datetime(2020, 1, 1, tzinfo=UTC)


def discover(stack: Stack) -> Run:
    return stack.run("enrich_partitions", {"source": "test", "time": "now"})


def payloads(run: Run) -> Iterator[str]:
    """Every input, output, parameter and set of variables in a history, as JSON."""
    for event in run.events:
        for name, details in event.items():
            if name.endswith("EventDetails"):
                for field in ("input", "output", "parameters"):
                    if field in details:
                        yield details[field]
                yield json.dumps(details.get("assignedVariables", {}))


# --- rows


@pytest.mark.slow
def test_five_hundred_rows_never_stand_in_the_state_of_the_partition(stack: Stack) -> None:
    hour, mark = new_hour(), "a sentence that each description has"
    rows = [row(job_description_text=f"We use Python and SQL, {mark}, {n}.") for n in range(500)]
    stack.put_rows(hour, rows)
    before, start = stack.calls, time.monotonic()

    run = stack.enrich_partition(hour)

    print(f"\n500 postings in {time.monotonic() - start:.1f} s")
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert run.output["jobs_processed"] == run.output["jobs_succeeded"] == 500
    assert stack.calls - before == run.output["model_calls"] == 1500
    out = stack.enriched(hour).column("job_posting_id").to_pylist()
    assert out == [r["job_posting_id"] for r in rows]
    assert len(run.events) < 100
    assert max(map(len, payloads(run))) < 64_000  # the columns of a table in the catalog
    assert not any(mark in text or rows[0]["job_posting_id"] in text for text in payloads(run))


# --- partitions


@pytest.fixture
def lake(stack: Stack) -> Iterator[Stack]:
    """The stack with nothing in it before and after, since discovery sees everything."""
    stack.empty_lake()
    yield stack
    with ministack.request_scope():
        objects_of(stack).clear()
    stack.empty_lake()


def objects_of(stack: Stack) -> dict[str, Any]:
    """Silver's objects inside the data plane; valid within a request scope."""
    objects: dict[str, Any] = ministack.service("s3")._buckets[stack.outputs["silver_bucket"]][
        "objects"
    ]
    return objects


def hours(count: int) -> list[Hour]:
    return [Hour((FIRST_HOUR + timedelta(hours=n)).strftime("%Y/%m/%d/%H")) for n in range(count)]


def seed(stack: Stack, everything: list[Hour], enriched: list[Hour]) -> None:
    """Two objects per partition, thirty in those of the first day, put past HTTP.

    An enriched partition also has its Silver-AI object.
    """
    with ministack.request_scope():
        objects = objects_of(stack)
        record = ministack.service("s3")._build_object_record(b"no parquet", {})
        for number, hour in enumerate(everything):
            for part in range(30 if number < 24 else 2):
                objects[hour.key("linkedin/", f"part-{part:02}.parquet")] = dict(record)
        for hour in enriched:
            objects[hour.key("linkedin_ai/", "data.parquet")] = dict(record)


@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_many_partitions_are_discovered_in_bounded_state(lake: Stack, count: int) -> None:
    everything = hours(count)
    enriched = everything[1::2]
    seed(lake, everything, enriched)
    oldest = everything[::2][:PER_RUN]
    with ministack.request_scope():
        for part in range(30):
            del objects_of(lake)[oldest[0].key("linkedin/", f"part-{part:02}.parquet")]
    lake.put_rows(oldest[0], [])
    listings = count_listings(lake)
    lake.aws.faults.fail(
        "states:StartExecution",
        "StateMachineDoesNotExist",
        times=PER_RUN,
        matches=lambda request: is_partition(request) and not names(request, oldest[0]),
    )
    start = time.monotonic()

    run = discover(lake)

    print(f"\n{count} partitions discovered in {time.monotonic() - start:.1f} s")
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert run.output["total_pending"] == count - len(enriched)
    assert [Hour("/".join(e["partition"].values())) for e in run.output["partitions"]] == oldest
    assert [e["status"] for e in run.output["partitions"]] == ["SUCCEEDED", *["FAILED"] * 9]
    assert "StateMachineDoesNotExist" in run.output["partitions"][1]["error"]
    assert listings == expected_listings({hour.path[:10] for hour in everything})
    for each in (run, found_by(lake, run)):
        assert len(each.events) < EVENT_LIMIT
        assert max(map(len, payloads(each))) < PAYLOAD_LIMIT
    queue = lake.run("find_pending_partitions", {"path": "queue", "limit": 100})
    assert [Hour("/".join(e.values())) for e in queue.output["partitions"]][:9] == oldest[1:]
    assert max(map(len, payloads(queue))) < PAYLOAD_LIMIT


def found_by(stack: Stack, run: Run) -> Run:
    """The execution of find_pending_partitions that a run waited for."""
    (started,) = (
        json.loads(event["taskSucceededEventDetails"]["output"])
        for event in run.of("TaskSucceeded")
        if "find-pending-partitions" in event["taskSucceededEventDetails"].get("output", "")
    )
    return stack.ended(started["ExecutionArn"])


def expected_listings(days: set[str]) -> dict[str, int]:
    """By prefix: one of the years, of each year and month, and of each day and side; the first day
    has more than the 500 keys of a page.
    """
    parents = {"linkedin/"} | {folder("linkedin/", day[:n]) for day in days for n in (4, 7)}
    sides = {folder(side, day) for day in days for side in ("linkedin/", "linkedin_ai/")}
    first = folder("linkedin/", FIRST_HOUR.strftime("%Y/%m/%d"))
    return dict.fromkeys(parents | sides, 1) | {first: 2}


def folder(side: str, path: str) -> str:
    """The prefix of a year (2020), month (2020/01) or day (2020/01/31)."""
    names = zip(("year", "month", "day"), path.split("/"), strict=False)
    return side + "".join(f"{name}={value}/" for name, value in names)


def count_listings(stack: Stack) -> Counter[str]:
    """Counts ListObjectsV2 by prefix from here on, those of read_partition aside.

    A fault that fits no request sees them all.
    """
    found: Counter[str] = Counter()

    def look(request: Request) -> bool:
        prefix = request.query.get("prefix", [""])[0]
        if "/hour=" not in prefix:
            found[prefix] += 1
        return False

    stack.aws.faults.fail("s3:ListBucket", "AccessDenied", matches=look)
    return found


def is_partition(request: Request) -> bool:
    return b'enrich-partition"' in request.body


def names(request: Request, hour: Hour) -> bool:
    given = json.loads(json.loads(request.body)["input"])
    return bool(given["partition"] == hour.parts)


def test_a_poisoned_partition_never_blocks_the_others(lake: Stack) -> None:
    poisoned, *healthy = hours(1 + 3 * (PER_RUN - 1) + PER_RUN)
    lake.put_silver(poisoned, b"no parquet", "broken.parquet")
    for hour in healthy:
        lake.put_rows(hour, [])

    runs = [discover(lake) for _ in range(4)]
    last = discover(lake)

    assert [run.status for run in runs] == ["SUCCEEDED"] * 4
    taken = [
        [Hour("/".join(e["partition"].values())) for e in r.output["partitions"]] for r in runs
    ]
    assert [hours[0] == poisoned for hours in taken] == [True, True, True, False]
    done = [hour for hours in taken for hour in hours if hour != poisoned]
    assert done == healthy
    assert [run.output["failed_partitions"] for run in runs] == [[poisoned.parts]] * 3 + [[]]
    assert lake.partition_item(poisoned)["attempts"] == {"N": "4"}
    assert (last.status, last.error) == ("FAILED", "EnrichmentFailed")
