"""The roles of the stack: what they are granted, and what is denied while a grant is taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from cli.demo.executions import history
from tests.stack import Run, Stack

PREFIX = "data-engineer-jobs-local-"
_DENIED = re.compile(
    rf"assumed-role/{PREFIX}([\w-]+)/[\w-]+ is not authorized to perform: (\w+:\w+) "
)

Statement = dict[str, Any]
Change = Callable[[Statement], list[Statement]]
"""What is put in a statement's place, nothing or more."""


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource, by one statement of one role; `role` without the prefix."""

    role: str
    sid: str
    action: str
    resource: str


def granted(stack: Stack) -> set[Grant]:
    """Every grant of every role in the account."""
    roles = stack.client("iam").list_roles()["Roles"]
    return {
        Grant(role["RoleName"].removeprefix(PREFIX), statement["Sid"], action, resource)
        for role in roles
        for statement in statements(stack, role["RoleName"].removeprefix(PREFIX))
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def statements(stack: Stack, role: str) -> list[Statement]:
    """The statements of a role, which has one inline policy and nothing else."""
    iam, name = stack.client("iam"), PREFIX + role
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == [name]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    policy = iam.get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
    return list(policy["Statement"])


@contextmanager
def changed(stack: Stack, role: str, sid: str, change: Change) -> Iterator[None]:
    """One statement of a role is another one meanwhile, or several, or none."""
    original = statements(stack, role)
    assert [found["Sid"] for found in original].count(sid) == 1
    _put(stack, role, [new for old in original for new in _replaced(old, sid, change)])
    try:
        yield
    finally:
        _put(stack, role, original)


def without(action: str, resource: str = "*") -> Change:
    """Takes an action away, by a pattern on some of the resources only."""

    def change(statement: Statement) -> list[Statement]:
        others = [name for name in statement["Action"] if name != action]
        kept = [arn for arn in statement["Resource"] if not fnmatchcase(arn, resource)]
        return [
            *([{**statement, "Action": others}] if others else []),
            *([{**statement, "Sid": "Kept", "Action": [action], "Resource": kept}] if kept else []),
        ]

    return change


def told(stack: Stack, run: Run) -> str:
    """All that the history of an execution says, with those of its map runs' children."""
    client = stack.client("stepfunctions")
    texts = [json.dumps(run.events, default=str)]
    for started in run.of("MapRunStarted"):
        arn = started["mapRunStartedEventDetails"]["mapRunArn"]
        for child in client.list_executions(mapRunArn=arn)["executions"]:
            # Express children have no history; what they died of is described all the same.
            shown = client.describe_execution(executionArn=child["executionArn"])
            texts.append(f"{shown.get('error')} {shown.get('cause')}")
            if ":execution:" in child["executionArn"]:
                texts.append(json.dumps(list(history(client, child["executionArn"])), default=str))
    return "\n".join(texts)


def denials(text: str) -> set[tuple[str, str]]:
    """(role, action) of every denial that a text tells of."""
    return set(_DENIED.findall(text))


def _replaced(statement: Statement, sid: str, change: Change) -> list[Statement]:
    return change(statement) if statement["Sid"] == sid else [statement]


def _put(stack: Stack, role: str, new: list[Statement]) -> None:
    iam, names = stack.client("iam"), {"RoleName": PREFIX + role, "PolicyName": PREFIX + role}
    if new:
        document = json.dumps({"Version": "2012-10-17", "Statement": new})
        iam.put_role_policy(**names, PolicyDocument=document)
    else:
        iam.delete_role_policy(**names)  # a policy has at least one statement
