"""The conditions that grant and release slots, against a plain set: the real states, alone.

Each step runs one state of the deployed workflows (TestState) on the embedded DynamoDB: its
expressions, its condition, its role.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.queue_stack import SLOTS_TABLE, schedules_paused
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("queue")

MODEL = "a-model-of-a-test"
CALLS = st.sampled_from([f"call-{n}" for n in range(9)])
TRIAL_AFTER = 60  # seconds that an open circuit stays open
FAILURES = 5  # in a row that open it
CALL_TIMEOUT = 180  # seconds: model_timeout_seconds of the stack


class Machines:
    """States of the deployed workflows, each to be run alone."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._client = stack.client("stepfunctions")
        self._states: dict[str, tuple[str, str]] = {}
        for workflow in ("grant_slot", "enrich_posting"):
            found = self._client.describe_state_machine(
                stateMachineArn=stack.outputs[f"{workflow}_arn"]
            )
            for name, state in json.loads(found["definition"])["States"].items():
                alone = json.dumps({**state, "QueryLanguage": "JSONata"})
                self._states[f"{workflow}.{name}"] = alone, found["roleArn"]

    def visit(self, state: str, **variables: Any) -> bool:
        """Whether the state's call succeeded; its variables are those of the workflow."""
        definition, role = self._states[state]
        answer = self._client.test_state(
            definition=definition, roleArn=role, variables=json.dumps(variables)
        )
        refused = answer.get("error") == "DynamoDB.ConditionalCheckFailedException"
        assert answer["status"] == "SUCCEEDED" or refused, answer
        return not refused


@pytest.fixture
def machines(stack: Stack) -> Iterator[Machines]:
    """With schedules off: the sweep would free the slots of calls that nobody makes."""
    with schedules_paused(stack):
        yield Machines(stack)
    stack.client("dynamodb").delete_item(TableName=SLOTS_TABLE, Key=KEY)


KEY = {"pk": {"S": "slots"}, "sk": {"S": MODEL}}


class SlotRules(RuleBasedStateMachine):
    """Any order of grants, releases, failures, limits and waits."""

    machines: ClassVar[Machines]

    def __init__(self) -> None:
        super().__init__()
        self.owners: set[str] = set()
        self.limit, self.failures, self.trial_until = 3, 0, 0.0
        self.dynamodb = self.machines.stack.client("dynamodb")

    @property
    def now(self) -> float:
        return float(int(self.machines.stack.aws.clock.now()))

    @initialize()
    def deployed(self) -> None:
        """The deployment writes keys and limit; the granter adds the rest."""
        self.dynamodb.put_item(TableName=SLOTS_TABLE, Item={**KEY, "limit": {"N": "3"}})
        assert self.machines.visit("grant_slot.Prepare", request=request("any"))

    @rule(call=CALLS)
    def acquire(self, call: str) -> None:
        closed = self.failures < FAILURES or self.trial_until < self.now
        expected = call in self.owners or (len(self.owners) < self.limit and closed)

        assert self.machines.visit("grant_slot.AcquireSlot", request=request(call)) == expected

        if expected:
            self.owners.add(call)
            self.trial_until = self.now + CALL_TIMEOUT

    @rule(call=CALLS)
    def answered(self, call: str) -> None:
        held = self._release("enrich_posting.ReleaseSlot", call)
        self.failures = 0 if held else self.failures

    @rule(call=CALLS)
    def throttled(self, call: str) -> None:
        if self._release("enrich_posting.ReleaseThrottled", call):
            self.failures += 1
            self.trial_until = self.now + TRIAL_AFTER

    @precondition(lambda self: len(self.owners) > 0)
    @rule(data=st.data(), times=st.integers(1, 5))
    def throttled_in_a_row(self, data: st.DataObject, times: int) -> None:
        """Or a circuit would hardly ever open."""
        for _ in range(times):
            call = data.draw(st.sampled_from(sorted(self.owners or {"call-0"})))
            self.throttled(call)
            self.acquire(call)

    @rule(call=CALLS)
    def given_up(self, call: str) -> None:
        self._release("enrich_posting.ReleaseUnanswered", call)

    @rule(call=CALLS)
    def undone(self, call: str) -> None:
        """A grant that nobody waited for leaves the time of the next trial as it was before."""
        before = self.trial_until
        if call not in self.owners:
            self.acquire(call)
        slot = {"trial_until": {"N": f"{before:.0f}"}}
        if self._release("grant_slot.Undo", call, slot=slot):
            self.trial_until = before

    @rule(limit=st.integers(0, 6))
    def set_limit(self, limit: int) -> None:
        self.dynamodb.update_item(
            TableName=SLOTS_TABLE,
            Key=KEY,
            UpdateExpression="SET #limit = :limit",
            ExpressionAttributeNames={"#limit": "limit"},
            ExpressionAttributeValues={":limit": {"N": str(limit)}},
        )
        self.limit = limit

    @rule(seconds=st.sampled_from([1, 59, 60, 61, 180, 181]))
    def wait(self, seconds: int) -> None:
        aws = self.machines.stack.aws
        aws.advance_to(aws.clock.now() + seconds)

    @invariant()
    def the_item_is_as_it_should_be(self) -> None:
        item = self.dynamodb.get_item(TableName=SLOTS_TABLE, Key=KEY).get("Item")
        if item is not None:
            assert set(item["owners"]["M"]) == self.owners
            assert float(item["failures"]["N"]) == self.failures
            assert float(item["trial_until"]["N"]) == self.trial_until

    def teardown(self) -> None:
        for call in sorted(self.owners):
            self.given_up(call)
        self.the_item_is_as_it_should_be()

    def _release(self, state: str, call: str, **more: Any) -> bool:
        variables = {"request": request(call), "shard": MODEL, "call": call, **more}
        answer = {"passes": [{"price": None}], "i": 0, "response": {"usage": {}}}
        held = call in self.owners

        assert self.machines.visit(state, **variables, **answer) == held

        self.owners.discard(call)
        return held


def request(call: str) -> dict[str, str]:
    """A request for a slot as the granter reads it."""
    return {"model": MODEL, "shard": MODEL, "call": call, "token": "none"}


def run_rules(machines: Machines, examples: int, steps: int) -> None:
    rules: type[SlotRules] = type("Rules", (SlotRules,), {"machines": machines})
    run_state_machine_as_test(
        rules,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_slots_are_granted_and_released_as_a_plain_set_would(machines: Machines) -> None:
    run_rules(machines, examples=5, steps=25)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_slots_over_many_orders(machines: Machines) -> None:
    run_rules(machines, examples=100, steps=60)
