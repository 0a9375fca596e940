"""Queues, their dead letters, pipes and policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

Inputs = Callable[[str, str], Mapping[str, Any]]
Statements = Callable[[str], Mapping[str, Mapping[str, Any]]]

HERE = "us-east-1:123456789012"
NAME = "data-engineer-jobs-dev"
QUEUES = {"enrichment-jobs": (900, 3), "slot-requests": (360, 5)}  # visibility, receives
ALL = [*QUEUES, *(f"{queue}-dlq" for queue in QUEUES)]


def arn(thing: str) -> str:
    return f"arn:aws:sqs:{HERE}:{NAME}-{thing}.fifo"


@pytest.mark.parametrize("thing", ALL)
def test_a_queue_keeps_order_per_group_and_messages_for_two_weeks(
    inputs: Inputs, thing: str
) -> None:
    queue = inputs("Queue", thing)

    assert queue["name"] == f"{NAME}-{thing}.fifo"
    assert queue["fifoQueue"] is True
    assert queue["contentBasedDeduplication"] is False
    assert queue["deduplicationScope"] == "messageGroup"
    assert queue["fifoThroughputLimit"] == "perMessageGroupId"
    assert queue["messageRetentionSeconds"] == 14 * 24 * 3600
    assert queue["receiveWaitTimeSeconds"] == 20
    assert queue["sqsManagedSseEnabled"] is True


@pytest.mark.parametrize("thing", QUEUES)
def test_messages_that_are_received_too_often_are_dead_letters(inputs: Inputs, thing: str) -> None:
    visibility, receives = QUEUES[thing]
    queue, dead = inputs("Queue", thing), inputs("Queue", f"{thing}-dlq")

    assert queue["visibilityTimeoutSeconds"] == visibility
    assert json.loads(queue["redrivePolicy"]) == {
        "deadLetterTargetArn": arn(f"{thing}-dlq"),
        "maxReceiveCount": receives,
    }
    assert json.loads(dead["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [arn(thing)],
    }


@pytest.mark.parametrize("thing", ALL)
def test_a_queue_refuses_plain_text(inputs: Inputs, thing: str) -> None:
    (statement,) = json.loads(inputs("QueuePolicy", thing)["policy"])["Statement"]

    assert statement == {
        "Sid": "DenyPlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn(thing),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@pytest.mark.parametrize(
    ("thing", "target", "invocation", "start"),
    [
        ("enrichment-jobs", "enrich-posting", "FIRE_AND_FORGET", "states:StartExecution"),
        ("slot-requests", "grant-slot", "REQUEST_RESPONSE", "states:StartSyncExecution"),
    ],
)
def test_a_pipe_brings_one_message_to_one_execution(
    inputs: Inputs, statements: Statements, thing: str, target: str, invocation: str, start: str
) -> None:
    pipe = inputs("Pipe", thing)
    machine = f"arn:aws:states:{HERE}:stateMachine:{NAME}-{target}"

    assert (pipe["source"], pipe["target"]) == (arn(thing), machine)
    assert pipe["sourceParameters"] == {"sqsQueueParameters": {"batchSize": 1}}
    assert pipe["targetParameters"] == {
        "stepFunctionStateMachineParameters": {"invocationType": invocation}
    }
    assert {
        sid: (statement["Action"], statement["Resource"])
        for sid, statement in statements(f"{thing}-pipe").items()
    } == {
        "TakeMessages": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            [arn(thing)],
        ),
        "StartTarget": ([start], [machine]),
    }


def test_a_message_is_hidden_longer_than_its_execution_may_run(inputs: Inputs) -> None:
    granter = json.loads(inputs("StateMachine", "grant-slot")["definition"])

    assert granter["TimeoutSeconds"] < QUEUES["slot-requests"][0]
