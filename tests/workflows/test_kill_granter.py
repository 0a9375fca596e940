"""grant_slot ended at every state that it reaches here: every waiter still gets its slot, or none.

It is an Express workflow behind a pipe: one that dies leaves its request in the queue, where it
comes again after its visibility timeout.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.model.faults import Target
from embedded_aws.stepfunctions.store import Execution
from tests.queue_stack import (
    SLOTS_TABLE,
    job,
    owners,
    send_jobs,
    set_limit,
    settle,
    slot_items,
    slot_writes,
)
from tests.stack import Stack, new_hour, new_posting
from tests.workflows.kills import killing, states_of

pytestmark = pytest.mark.xdist_group("queue")

Situation = Callable[[Stack], None]
LIMIT = 2


def once_per_call(wanted: set[str]) -> Callable[[Execution, str], bool]:
    """Chooses each state once, and no request twice: after five receives it would be dead."""
    calls: set[str] = set()

    def chosen(execution: Execution, state: str) -> bool:
        (record,) = json.loads(execution.input_json())
        call = json.loads(record["body"])["call"]
        if state not in wanted or call in calls:
            return False
        wanted.discard(state)
        calls.add(call)
        return True

    return chosen


# --- situations


def slots_are_scarce(stack: Stack) -> None:
    set_limit(stack, LIMIT)


def nobody_asked_before(stack: Stack) -> None:
    """The slot items are as a deployment writes them."""
    change(stack, "REMOVE owners, spent, failures, trial_until")


def circuit_is_open(stack: Stack) -> None:
    until = {":until": {"N": str(int(stack.aws.clock.now()) + 60)}, ":five": {"N": "5"}}
    change(stack, "SET failures = :five, trial_until = :until", until)


def drained_for_ten_minutes(stack: Stack) -> None:
    """A granter comes to the end of its four."""
    set_limit(stack, 0)
    stack.aws.clock.loop.call_soon_threadsafe(
        stack.aws.clock.timer, stack.aws.clock.now() + 600, lambda: give_back(stack)
    )


def give_back(stack: Stack) -> None:
    threading.Thread(target=set_limit, args=(stack, LIMIT)).start()


def change(stack: Stack, expression: str, values: dict[str, Any] | None = None) -> None:
    for slots in slot_items(stack):
        stack.client("dynamodb").update_item(
            TableName=SLOTS_TABLE,
            Key={"pk": {"S": "slots"}, "sk": {"S": slots}},
            UpdateExpression=expression,
            **({"ExpressionAttributeValues": values} if values else {}),
        )


SITUATIONS: dict[Situation, set[str]] = {
    slots_are_scarce: {
        "Request",
        "ReadSlot",
        "Decide",
        "AcquireSlot",
        "Answer",
        "Done",
        "Pause",
        "IsWaitedFor",
        "WaitASecond",
    },
    nobody_asked_before: {"Prepare"},
    circuit_is_open: {"CircuitOpen", "ReportCircuit"},
    drained_for_ten_minutes: {"AskAgain"},
}
# Of their own below; a ceiling of spending, which the stack has not, leads to the last four: they
# read, and count a metric.
OTHERS = {"NobodyWaits", "Undo", "Refuse"}
CEILING = {"ReadSpending", "ReadLift", "SpendCeilingReached", "ReportCeiling"}


def test_each_state_has_a_situation() -> None:
    assert set(states_of("grant_slot")) == set().union(*SITUATIONS.values(), OTHERS, CEILING)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_killed_where_it_grants_or_waits(stack: Stack, situation: Situation) -> None:
    wanted = set(SITUATIONS[situation])
    # Three requests each, more than there are states: none is ended twice.
    postings, hour = [new_posting() for _ in range(1 + len(wanted))], new_hour()
    stack.aws.model.faults.stall_between(8, 40, seed=1)
    before = stack.calls

    with (
        slot_writes(stack) as writes,
        killing(stack, "grant_slot", once_per_call(wanted)) as killed,
    ):
        with stack.aws.clock.hold():
            situation(stack)
            send_jobs(stack, [job(posting, hour) for posting in postings])
        settle(stack)
    set_limit(stack, 5)

    assert wanted == set()
    assert set(killed.values()) == SITUATIONS[situation]
    assert owners(stack) == {}
    assert all(write.owners <= max(write.limit, LIMIT) for write in writes)
    assert {stack.posting_item(p)["overallStatus"]["S"] for p in postings} == {"COMPLETED"}
    assert stack.calls == before + 3 * len(postings)


@pytest.mark.parametrize("state", ["NobodyWaits", "Undo"])
def test_killed_where_nobody_waits_any_more(stack: Stack, state: str) -> None:
    """The posting's execution is stopped before its slot comes: the slot is free in the end."""
    posting, hour = new_posting(), new_hour()

    with (
        killing(stack, "enrich_posting", lambda _, entered: entered == "AcquireSlot") as stopped,
        killing(stack, "grant_slot", once_per_call({state})) as killed,
    ):
        send_jobs(stack, [job(posting, hour)])
        settle(stack)
    stack.run("sweep_slots", {"source": "test"})
    settle(stack)

    assert list(stopped.values()) == ["AcquireSlot"]
    assert list(killed.values()) == [state]
    assert owners(stack) == {}
    assert "owner" not in stack.posting_item(posting)


def test_killed_where_it_refuses_a_model_without_slots(stack: Stack) -> None:
    (slots,) = slot_items(stack)
    (item,) = slot_items(stack).values()
    posting, hour = new_posting(), new_hour()
    stack.aws.model.faults.stall(1, target=Target(title=posting.title))
    key = {"pk": {"S": "slots"}, "sk": {"S": slots}}
    stack.client("dynamodb").delete_item(TableName=SLOTS_TABLE, Key=key)

    with killing(stack, "grant_slot", once_per_call({"Refuse"})) as killed:
        send_jobs(stack, [job(posting, hour)])
        settle(stack)
    stack.client("dynamodb").put_item(TableName=SLOTS_TABLE, Item=item)

    assert list(killed.values()) == ["Refuse"]
    assert stack.posting_item(posting)["overallStatus"] == {"S": "PERMANENTLY_FAILED"}
