"""A workflow that waits for a token which a pipe's express workflow gives back, one at a time."""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.server import EmbeddedAws

START = 1769835600.0
PER_GRANT = 5  # seconds that the one waiter takes


def waiting(account: Any, queue: str) -> str:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "TimeoutSeconds": 3600,
        "Arguments": {
            "QueueUrl": queue.rpartition(":")[2],
            "MessageBody": {"token": "{% $states.context.Task.Token %}"},
            "MessageGroupId": "model",
            "MessageDeduplicationId": "{% $hash($states.context.Task.Token, 'SHA-256') %}",
        },
        "End": True,
    }
    role = account.role("workflow", "states", ("sqs:SendMessage", queue))
    return str(account.machine("waits", role, {"Acquire": task}))


def granting(account: Any) -> str:
    states = {
        "Wait": {"Type": "Wait", "Seconds": PER_GRANT, "Next": "Grant"},
        "Grant": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
            "Arguments": {
                "TaskToken": "{% $parse($states.input[0].body).token %}",
                "Output": '{"granted": true}',
            },
            "Output": {},
            "End": True,
        },
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Wait", "States": states}
    made = account.endpoint.client("stepfunctions").create_state_machine(
        name="grants",
        definition=json.dumps(definition),
        roleArn=account.role("granter", "states", ("states:SendTaskSuccess", "*")),
        type="EXPRESS",
    )
    return str(made["stateMachineArn"])


def test_tokens_come_back_one_after_the_other(
    plumbing: Any, account: Any, aws: EmbeddedAws
) -> None:
    queue = plumbing.queue("requests.fifo", VisibilityTimeout="300")
    machine, express = waiting(account, queue), granting(account)
    role = plumbing.pipe_role(queue, ("states:StartSyncExecution", express))
    plumbing.pipe(queue, express, role, TargetParameters={})
    client = plumbing.client("stepfunctions")
    with aws.clock.hold():
        for number in range(4):
            client.start_execution(stateMachineArn=machine, name=str(number))
    plumbing.after(60)
    ended = [
        client.describe_execution(executionArn=execution["executionArn"])
        for execution in client.list_executions(stateMachineArn=machine)["executions"]
    ]
    assert {e["status"] for e in ended} == {"SUCCEEDED"}
    assert {e["output"] for e in ended} == {'{"granted":true}'}
    times = sorted(e["stopDate"].timestamp() - START for e in ended)
    assert times == [PER_GRANT * number for number in (1, 2, 3, 4)]
    assert not aws.consumers.failures
