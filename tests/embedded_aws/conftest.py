"""A running embedded AWS for tests: each gets its own, since a start takes milliseconds.

A process has one server at a time, so no fixture that starts one may outlive its test.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from embedded_aws.endpoint import Endpoint
    from embedded_aws.server import EmbeddedAws


@dataclass(frozen=True)
class Account:
    """Short ways to make resources."""

    endpoint: Endpoint

    def role(self, name: str, service: str, *allowed: tuple[str, str]) -> str:
        """ARN of a role that a service may assume, with (action, resource) pairs allowed."""
        iam = self.endpoint.client("iam")
        principal = {"Service": f"{service}.amazonaws.com"}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy([trust]))
        statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
        if statements:
            document = _policy(statements)
            iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=document)
        return str(role["Role"]["Arn"])

    def function(self, name: str, code: str, role: str, **settings: Any) -> str:
        """ARN of a function whose module `app` is `code`."""
        request = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Role": role,
            "Handler": "app.handler",
            "Code": {"ZipFile": package({"app.py": code})},
            "Timeout": 5,
            "MemorySize": 256,
            **settings,
        }
        return str(self.endpoint.client("lambda").create_function(**request)["FunctionArn"])

    def queue(self, name: str, *services: str) -> str:
        """ARN of a standard queue that these services may send to, as `events`."""
        arn = f"arn:aws:sqs:{self.endpoint.region}:{self.endpoint.account}:{name}"
        principals = {"Service": [f"{service}.amazonaws.com" for service in services]}
        send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
        attributes = {"Policy": _policy([{**send, "Principal": principals}])} if services else {}
        self.endpoint.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return arn

    def machine(self, name: str, role: str, states: dict[str, Any]) -> str:
        """ARN of a state machine that starts at the first of `states`."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        client = self.endpoint.client("stepfunctions")
        created = client.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=role
        )
        return str(created["stateMachineArn"])


def package(files: dict[str, str]) -> bytes:
    """A zip with these texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """An empty server of the test's own."""
    from embedded_aws.server import running  # tests that need no server do not load it

    with running() as server:
        yield server


@pytest.fixture
def account(aws: EmbeddedAws) -> Account:
    """The account of the test's server."""
    return Account(aws.endpoint)


@pytest.fixture
def account_of() -> Callable[[Endpoint], Account]:
    """The account behind an endpoint, for tests with a server of their own."""
    return Account


@pytest.fixture
def make_package() -> Callable[[dict[str, str]], bytes]:
    """Zips texts."""
    return package
