"""`dej gold bootstrap`: a machine of the workflow's name stands in for it; the workflow itself has
its own tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cli.commands.conftest import Dej
from tests.stack import Stack

NAME = "data-engineer-jobs-dev-bootstrap-gold"
STATEMENTS = ["CREATE SCHEMA IF NOT EXISTS gold", "CREATE ROLE gold_reader"]
Machine = Callable[[dict[str, Any]], None]


@pytest.fixture
def machine(stack: Stack) -> Iterator[Machine]:
    """Makes the machine of stack dev, which ends in the state given."""
    states, iam = stack.client("stepfunctions"), stack.client("iam")
    service = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trust = {**service, "Principal": {"Service": "states.amazonaws.com"}}
    role = iam.create_role(
        RoleName=NAME,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    made = []

    def make(last: dict[str, Any]) -> None:
        wait = {"Type": "Wait", "Seconds": 30, "Next": "Last"}
        states_of = {"Wait": wait, "Last": last}
        definition = {"QueryLanguage": "JSONata", "StartAt": "Wait", "States": states_of}
        request = {"name": NAME, "roleArn": role, "definition": json.dumps(definition)}
        made.append(states.create_state_machine(**request)["stateMachineArn"])

    yield make
    for arn in made:
        states.delete_state_machine(stateMachineArn=arn)
    iam.delete_role(RoleName=NAME)


def test_it_waits_for_the_end_and_says_what_was_executed(machine: Machine, dej: Dej) -> None:
    machine({"Type": "Succeed", "Output": {"statements": STATEMENTS}})

    told = dej("gold", "bootstrap", "--stack", "dev")
    data = dej("--json", "gold", "bootstrap", "--stack", "dev")

    sentence = "The warehouse of stack dev is ready: 2 statements were executed.\n"
    assert (told.code, told.out, told.err) == (0, sentence, "")
    assert data.records == [{"status": "READY", "statements": STATEMENTS}]


def test_a_failure_names_its_statement_and_what_to_do(machine: Machine, dej: Dej) -> None:
    cause = "CREATE ROLE gold_reader: ERROR: permission denied"
    machine({"Type": "Fail", "Error": "StatementFailed", "Cause": cause})

    ended = dej("gold", "bootstrap", "--stack", "dev")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "error: The warehouse of stack dev is not ready: StatementFailed.\n"
        f"  because: {cause}\n"
        "  note: what was done is kept; run it again once the cause is gone\n"
        "  try: dej gold bootstrap --stack dev\n"
    )


def test_a_stack_on_duckdb_needs_none(dej: Dej) -> None:
    ended = dej("gold", "bootstrap")

    sentence = "Stack local builds Gold in DuckDB, which needs no bootstrap.\n"
    assert (ended.code, ended.out, ended.err) == (0, sentence, "")
    assert dej("--json", "gold", "bootstrap").records == [{"status": "NOT_NEEDED"}]


def test_a_stack_that_is_not_deployed(dej: Dej) -> None:
    ended = dej("gold", "bootstrap", "--stack", "prod")

    assert (ended.code, ended.out) == (3, "")
    assert "is the stack deployed?" in ended.err
