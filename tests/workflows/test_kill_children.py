"""Executions of a partition's postings ended at each state that each of them passes."""

from __future__ import annotations

from collections import Counter

import pytest

from embedded_aws.stepfunctions.store import Execution
from tests.queue_stack import owners, settle
from tests.stack import Stack, new_hour, new_posting, row
from tests.workflows.kills import killing

pytestmark = pytest.mark.xdist_group("queue")

STATES = (
    "Claim",
    "LoadPasses",
    "NextPass",
    "AcquireSlot",
    "InvokeModel",
    "ReleaseSlot",
    "ParseAndStore",
    "RecordPass",
    "Finish",
)
ANSWER_LOST = ("InvokeModel", "ReleaseSlot")


def test_the_next_run_completes_what_was_killed(stack: Stack) -> None:
    rows = {state: row(job_title=f"kill-{state} in a partition") for state in STATES}
    postings = {state: new_posting(**columns) for state, columns in rows.items()}
    hour = new_hour()
    stack.put_rows(hour, list(rows.values()))
    before = len(stack.aws.model.calls)
    ended: set[str] = set()

    def chosen(execution: Execution, state: str) -> bool:
        title = execution.input["posting"]["title"]
        if state in ended or not title.startswith(f"kill-{state} "):
            return False
        ended.add(state)
        return True

    with killing(stack, "enrich_posting", chosen):
        first = stack.enrich_partition(hour)
        settle(stack)
    stack.run("sweep_slots", {"source": "test"})
    swept = [stack.posting_item(posting) for posting in postings.values()]
    held = owners(stack)
    second = stack.enrich_partition(hour)

    assert ended == set(STATES)
    assert held == {}
    assert not any({"owner", "lease"} & set(item) for item in swept)
    assert first.status == "SUCCEEDED", first.cause
    assert second.output["jobs_succeeded"] == len(STATES)
    statuses = {stack.posting_item(posting)["overallStatus"]["S"] for posting in postings.values()}
    assert statuses == {"COMPLETED"}
    calls = Counter(call.title for call in stack.aws.model.calls[before:])
    for state, posting in postings.items():
        assert calls[posting.title] == 3 + (state in ANSWER_LOST)
