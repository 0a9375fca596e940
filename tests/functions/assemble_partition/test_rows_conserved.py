"""N rows in, N rows out, whatever became of their postings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assemble_partition.handler import handler as assemble
from common import contract
from common.postings import Posting, posting_of
from read_partition.handler import handler as read
from tests.silver_lake import (
    NOW,
    OTHER_RUN,
    PARTITION,
    RUN,
    Lake,
    bronze_key,
    completed,
    failed,
    row,
)

PASSES = ("pass1", "pass2", "pass3")
FRESH = count()  # each example has postings of its own


@dataclass(frozen=True)
class Fate:
    """What became of a posting: its status, how many passes succeeded, what is left of them.

    One that is PENDING has no fate yet: its partition is assembled later.
    """

    overall: str | None
    passed: int
    missing: frozenset[str]
    broken: frozenset[str]
    cached: bool
    priced: bool


fates = st.builds(
    Fate,
    st.sampled_from([None, "COMPLETED", "FAILED", "PERMANENTLY_FAILED", "IN_PROGRESS"]),
    st.integers(0, 3),
    st.frozensets(st.sampled_from(PASSES), max_size=1),
    st.frozensets(st.sampled_from(PASSES), max_size=1),
    st.booleans(),
    st.booleans(),
)
silver_rows = st.lists(
    st.tuples(
        st.sampled_from([None, " ", "1", "2", "a/b"]),
        st.sampled_from([None, "Engineer &amp; more", "Analyst"]),
        st.sampled_from([None, "", "Some text.", "=== posting ends ==="]),
    ),
    max_size=8,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(silver_rows, st.lists(fates, min_size=8, max_size=8), st.integers(0, 8))
def test_every_row_comes_out_once_and_in_its_place(
    lake: Lake, specs: list[tuple[Any, Any, Any]], drawn: list[Fate], cut: int
) -> None:
    company = f"Company {next(FRESH)}"
    rows = [
        row(identity, job_title=title, job_description_text=text, company_name=company)
        for identity, title, text in specs
    ]
    lake.put_rows(rows[:cut], "a.parquet")
    lake.put_rows(rows[cut:], "b.parquet")
    found = [posting_of(each) for each in rows]
    distinct = list(dict.fromkeys(each for each in found if isinstance(each, Posting)))
    fate_of: dict[object, Fate] = dict(zip(distinct, drawn, strict=False))
    for posting, fate in zip(distinct, drawn, strict=False):
        leave(lake, posting, fate)
    work = read({"partition": PARTITION, "run": RUN}, None)
    counts = assemble({"partition": PARTITION, "run": RUN, "assembled_at": NOW}, None)

    written = lake.output_table()
    assert written.schema == contract.arrow_schema()
    silver = pa.Table.from_pylist(rows, schema=contract.silver_schema())
    assert written.select(silver.column_names).equals(silver)
    assert work["rows"] == counts["rows"] == len(rows)
    assert work["items"] == len(distinct) == len(lake.items())
    unidentified = [each for each in found if not isinstance(each, Posting)]
    assert work["without_id"] == len(unidentified)

    success = {name: written.column(f"{name}_success").to_pylist() for name in PASSES}
    assert counts["pass_successes"] == {name: sum(success[name]) for name in PASSES}
    assert counts["succeeded"] == sum(success["pass3"])
    assert counts["failed"] == len(rows) - counts["succeeded"]
    retryable = [each in fate_of and may_retry(fate_of[each]) for each in found]
    assert counts["retryable"] == sum(retryable)
    for index, errors in enumerate(written.column("enrichment_errors").to_pylist()):
        whole = all(success[name][index] for name in PASSES)
        known = fate_of.get(found[index])
        interrupted = known is not None and known.overall == "IN_PROGRESS"
        assert (errors is None) == (whole and not interrupted)
    paid = [fate for fate in fate_of.values() if fate.overall and not fate.cached]
    assert counts["model_calls"] == sum(calls(fate) for fate in paid)
    assert counts["unpriced_calls"] == sum(calls(fate) for fate in paid if not fate.priced)


def leave(lake: Lake, posting: Posting, fate: Fate) -> None:
    """Item and results of a posting with that fate."""
    if fate.overall is None:
        return
    own: dict[str, Any] = {"cached": {"BOOL": fate.cached}}
    if not fate.priced:
        own["cost_usd"] = {"NULL": True}
    passes: dict[str, Any] = {}
    for name in PASSES[: fate.passed]:
        passes[name] = completed(posting, name, **own)
        if name not in fate.missing:
            lake.put_result(posting, name)
        if name in fate.broken - fate.missing:
            key = bronze_key(posting, name)
            lake.s3.put_object(Bucket="lake-bronze", Key=key, Body=b"{")
    if fate.passed < len(PASSES) and fate.overall != "IN_PROGRESS":
        passes[PASSES[fate.passed]] = failed("no", **own)
    lake.put_item(
        posting,
        overallStatus={"S": fate.overall},
        run={"S": RUN if fate.cached else OTHER_RUN},
        lease={"N": "1"},
        passes={"M": passes},
    )


def calls(fate: Fate) -> int:
    """Entries of passes, one call each."""
    failing = fate.passed < len(PASSES) and fate.overall != "IN_PROGRESS"
    return fate.passed + failing


def may_retry(fate: Fate) -> bool:
    """Whether another run may make more of the posting."""
    lost = (fate.missing | fate.broken) & set(PASSES[: fate.passed])
    unfinished = fate.overall in (None, "IN_PROGRESS", "FAILED")
    return fate.overall != "PERMANENTLY_FAILED" and (
        unfinished or bool(lost) or fate.passed < len(PASSES)
    )
