"""A server at a fixed time, and short ways to queues and pipes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

START = datetime(2026, 1, 31, 5, tzinfo=UTC).timestamp()
READ = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@dataclass(frozen=True)
class Plumbing:
    """Queues, pipes and what went through them."""

    aws: EmbeddedAws
    account: Any

    def client(self, service: str) -> Any:
        return self.aws.endpoint.client(service)

    def after(self, seconds: float) -> None:
        """Moves the clock to so many seconds after the start of the test."""
        self.aws.advance_to(START + seconds)

    def queue(self, name: str, dead: str | None = None, receives: int = 3, **more: str) -> str:
        """ARN of a queue; `dead` is the ARN of its dead-letter queue."""
        attributes = {"VisibilityTimeout": "30", **more}
        if dead is not None:
            redrive = {"deadLetterTargetArn": dead, "maxReceiveCount": receives}
            attributes["RedrivePolicy"] = json.dumps(redrive)
        if name.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        self.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:us-east-1:123456789012:{name}"

    def send(self, queue: str, body: Any, **more: Any) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        sent = self.client("sqs").send_message(QueueUrl=self.url(queue), MessageBody=text, **more)
        return str(sent["MessageId"])

    def url(self, queue: str) -> str:
        return f"{self.aws.endpoint.url}/123456789012/{queue.rpartition(':')[2]}"

    def counts(self, queue: str) -> tuple[int, int, int]:
        """Messages that are visible, in flight, delayed."""
        names = ["", "NotVisible", "Delayed"]
        found = self.client("sqs").get_queue_attributes(
            QueueUrl=self.url(queue), AttributeNames=["All"]
        )["Attributes"]
        visible, flight, delayed = (int(found[f"ApproximateNumberOfMessages{n}"]) for n in names)
        return visible, flight, delayed

    def take(self, queue: str) -> list[Any]:
        """Receives and deletes up to ten messages."""
        answer = self.client("sqs").receive_message(
            QueueUrl=self.url(queue),
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        for message in answer.get("Messages", []):
            self.client("sqs").delete_message(
                QueueUrl=self.url(queue), ReceiptHandle=message["ReceiptHandle"]
            )
        return list(answer.get("Messages", []))

    def pipe_role(self, source: str, *target: tuple[str, str], name: str = "pipe") -> str:
        rights = [*((action, source) for action in READ), *target]
        return str(self.account.role(name, "pipes", *rights))

    def pipe(self, source: str, target: str, role: str, **more: Any) -> str:
        """ARN of a pipe with batches of one; FIRE_AND_FORGET for a state machine."""
        request = {
            "Name": "pipe",
            "Source": source,
            "SourceParameters": {"SqsQueueParameters": {"BatchSize": 1}},
            "Target": target,
            "RoleArn": role,
        }
        if ":states:" in target:
            kind = {"InvocationType": "FIRE_AND_FORGET"}
            request["TargetParameters"] = {"StepFunctionStateMachineParameters": kind}
        return str(self.client("pipes").create_pipe(**{**request, **more})["Arn"])

    def inputs(self, machine: str) -> list[Any]:
        """What executions were started with, oldest first."""
        client = self.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine)
        listed = [execution for page in pages for execution in page["executions"]]
        described = [client.describe_execution(executionArn=e["executionArn"]) for e in listed]
        return [json.loads(d["input"]) for d in reversed(described)]


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """A server at 2026-01-31T05:00:00Z."""
    with running(clock=Clock.virtual(START)) as server:
        yield server


@pytest.fixture
def account(aws: EmbeddedAws, account_of: Callable[[Endpoint], Any]) -> Any:
    return account_of(aws.endpoint)


@pytest.fixture
def plumbing(aws: EmbeddedAws, account: Any) -> Plumbing:
    return Plumbing(aws, account)


@pytest.fixture
def plumbing_of(account_of: Callable[[Endpoint], Any]) -> Callable[[EmbeddedAws], Plumbing]:
    """Plumbing for tests with a server of their own."""
    return lambda server: Plumbing(server, account_of(server.endpoint))
