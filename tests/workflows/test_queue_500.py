"""Many postings through the queue under throttling and garbage: all end, and all records agree."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from common.postings import Posting
from embedded_aws.model.faults import Target
from tests.queue_stack import dead_jobs, job, owners, send_jobs, settle, slot_writes
from tests.stack import Hour, Stack, new_hour, new_posting, row

pytestmark = pytest.mark.xdist_group("queue")

PASSES = ("pass1", "pass2", "pass3")
HOPELESS = "Engineer of Nonsense"
ROUNDS = 3  # max_job_retries: after as many failed runs a posting is given up
HOURS = 5


@dataclass(frozen=True)
class Lot:
    """Postings in partitions of Silver, and what the run over them left behind."""

    hours: list[Hour]
    postings: dict[str, tuple[Posting, Hour]]
    dead: list[dict[str, Any]]
    calls: Counter[str]
    most_owners: int


def enriched_lot(stack: Stack, count: int) -> Lot:
    """Sends all postings, and those that failed again, until all are complete or given up."""
    hours = [new_hour() for _ in range(HOURS)]
    postings = dict(put(stack, hours[n % HOURS], n) for n in range(count))
    faults, before = stack.aws.model.faults, len(stack.aws.model.calls)
    faults.malformed(times=None, target=Target(title=HOPELESS, pass_name="pass2"))
    faults.throttle_rate(0.10, seed=count)
    faults.malformed_rate(0.05, seed=count)
    dead_jobs(stack)
    with slot_writes(stack) as writes:
        for number in range(ROUNDS):
            send_jobs(
                stack,
                [
                    job(posting, hour, run=f"round-{count}-{number}")
                    for posting, hour in postings.values()
                    if status(stack, posting) not in ("COMPLETED", "PERMANENTLY_FAILED")
                ],
            )
            settle(stack)
    return Lot(
        hours=hours,
        postings=postings,
        dead=dead_jobs(stack),
        calls=Counter(call.outcome for call in stack.aws.model.calls[before:]),
        most_owners=max(write.owners for write in writes),
    )


def put(stack: Stack, hour: Hour, number: int) -> tuple[str, tuple[Posting, Hour]]:
    """A posting in a file of its own; every twentieth never gets a usable second pass."""
    title = HOPELESS if number % 20 == 7 else f"Engineer {number}"
    columns = row(job_title=title)
    stack.put_rows(hour, [columns], name=f"{number}.parquet")
    posting = new_posting(**columns)
    return posting.job_posting_id, (posting, hour)


def status(stack: Stack, posting: Posting) -> str | None:
    found = stack.posting_item(posting).get("overallStatus")
    return None if found is None else str(found["S"])


def results_in_bronze(stack: Stack, identity: str) -> set[str]:
    """The passes of a posting that have a result."""
    listed = stack.client("s3").list_objects_v2(
        Bucket=stack.outputs["bronze_bucket"], Prefix=f"ai_enrichment/{identity}/"
    )
    names = [entry["Key"].rsplit("/", 1)[1] for entry in listed.get("Contents", ())]
    return {name.split("-")[0] for name in names if name.endswith(".json")}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_status_bronze_dead_letters_and_silver_ai_agree(stack: Stack, count: int) -> None:
    lot = enriched_lot(stack, count)

    hopeless = {i for i, (posting, _) in lot.postings.items() if posting.title == HOPELESS}
    by_status = {i: status(stack, posting) for i, (posting, _) in lot.postings.items()}
    assert {i for i, s in by_status.items() if s == "PERMANENTLY_FAILED"} == hopeless
    assert {i for i, s in by_status.items() if s == "COMPLETED"} == set(lot.postings) - hopeless
    dead = Counter(json.loads(m["message"])["posting"]["job_posting_id"] for m in lot.dead)
    assert dead == dict.fromkeys(hopeless, 1)
    assert all(re.fullmatch(r"[^\n]+\.", message["reason"]) for message in lot.dead)
    for identity in lot.postings:
        expected = {"pass1"} if identity in hopeless else set(PASSES)
        assert results_in_bronze(stack, identity) == expected
    assert lot.calls["ThrottlingException"] > 0.05 * lot.calls.total()
    assert lot.calls["ok"] == 3 * (count - len(hopeless)) + len(hopeless)
    assert lot.most_owners <= 5
    assert owners(stack) == {}
    assert_assembled(stack, lot, hopeless)


def assert_assembled(stack: Stack, lot: Lot, hopeless: set[str]) -> None:
    """Assembly calls nothing and shows each posting as the status table has it."""
    stack.clear_faults()
    before = stack.calls
    shown = {}
    for hour in lot.hours:
        run = stack.enrich_partition(hour)
        assert run.status == "SUCCEEDED", run.cause
        for columns in stack.enriched(hour).to_pylist():
            shown[columns["job_posting_id"]] = columns
    assert stack.calls == before
    assert set(shown) == set(lot.postings)
    for identity, columns in shown.items():
        succeeded = [columns[f"{name}_success"] for name in PASSES]
        assert succeeded == ([True, False, False] if identity in hopeless else [True] * 3)
        assert (columns["enrichment_errors"] is not None) == (identity in hopeless)
