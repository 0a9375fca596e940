"""What rules and schedules do with events that their targets refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.server import EmbeddedAws

DONE = {"Done": {"Type": "Pass", "End": True}}


@pytest.fixture
def machine(account: Any) -> str:
    return str(account.machine("machine", account.role("workflow", "states"), DONE))


def attributes(message: Any) -> dict[str, str]:
    return {n: v["StringValue"] for n, v in message["MessageAttributes"].items()}


def rule(plumbing: Any, target: dict[str, Any]) -> None:
    events = plumbing.client("events")
    events.put_rule(Name="rule", EventPattern='{"source": ["tests"]}')
    events.put_targets(Rule="rule", Targets=[{"Id": "1", **target}])


def emit(plumbing: Any, detail: dict[str, Any]) -> None:
    entry = {"Source": "tests", "DetailType": "any", "Detail": json.dumps(detail)}
    plumbing.client("events").put_events(Entries=[entry])


def test_a_refused_event_is_kept_at_once(plumbing: Any, account: Any, machine: str) -> None:
    dead = account.queue("dead", "events")
    role = account.role("powerless", "events")
    rule(
        plumbing,
        {
            "Arn": machine,
            "RoleArn": role,
            "Input": '{"other": 1}',
            "DeadLetterConfig": {"Arn": dead},
        },
    )
    emit(plumbing, {"n": 1})
    plumbing.after(1)
    (message,) = plumbing.take(dead)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail"]) == ("tests", {"n": 1})
    found = attributes(message)
    assert found.pop("ERROR_MESSAGE").endswith("allows the states:StartExecution action")
    assert found == {
        "RULE_ARN": "arn:aws:events:us-east-1:123456789012:rule/rule",
        "TARGET_ARN": machine,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }


def test_a_throttled_target_is_called_again(
    plumbing: Any, account: Any, aws: EmbeddedAws, machine: str
) -> None:
    role = account.role("starter", "events", ("states:StartExecution", machine))
    rule(plumbing, {"Arn": machine, "RoleArn": role})
    aws.faults.fail("states:StartExecution", "ThrottlingException", times=3)
    emit(plumbing, {"n": 1})
    plumbing.after(60)
    assert len(plumbing.inputs(machine)) == 1
    (execution,) = plumbing.client("stepfunctions").list_executions(stateMachineArn=machine)[
        "executions"
    ]
    assert execution["startDate"].isoformat()[11:19] == "05:00:07"  # after 1, 2 and 4 seconds
    assert not aws.deliveries.failures


@pytest.mark.parametrize(
    ("policy", "condition", "retries"),
    [
        ({"MaximumRetryAttempts": 2}, "MaximumRetryAttempts", "2"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", "5"),
    ],
)
def test_retries_end_by_number_or_age(
    plumbing: Any,
    account: Any,
    aws: EmbeddedAws,
    machine: str,
    policy: dict[str, int],
    condition: str,
    retries: str,
) -> None:
    dead = account.queue("dead", "events")
    role = account.role("starter", "events", ("states:StartExecution", machine))
    target = {"Arn": machine, "RoleArn": role, "RetryPolicy": policy}
    rule(plumbing, {**target, "DeadLetterConfig": {"Arn": dead}})
    aws.faults.fail("states:StartExecution", "ServiceUnavailable", 503, times=1000)
    emit(plumbing, {"n": 1})
    plumbing.after(3600)
    (message,) = plumbing.take(dead)
    found = attributes(message)
    assert found["EXHAUSTED_RETRY_CONDITION"] == condition
    assert found["RETRY_ATTEMPTS"] == retries
    assert "kept in" in aws.deliveries.failures[0].error


def test_a_queue_needs_a_policy_for_the_rule(plumbing: Any, account: Any, aws: EmbeddedAws) -> None:
    closed = account.queue("closed")
    rule(plumbing, {"Arn": closed, "DeadLetterConfig": {"Arn": closed}})
    emit(plumbing, {"n": 1})
    plumbing.after(1)
    (failure,) = aws.deliveries.failures
    assert "not kept in" in failure.error
    plumbing.client("events").put_targets(
        Rule="rule", Targets=[{"Id": "1", "Arn": account.queue("opened", "events")}]
    )
    emit(plumbing, {"n": 2})
    plumbing.after(2)
    (message,) = plumbing.take("opened")
    assert json.loads(message["Body"])["detail"] == {"n": 2}


def test_a_schedules_refused_call_is_kept_with_its_request(
    plumbing: Any, account: Any, machine: str
) -> None:
    dead = account.queue("dead")
    role = account.role("powerless", "scheduler", ("sqs:SendMessage", dead))
    plumbing.client("scheduler").create_schedule(
        Name="daily",
        ScheduleExpression="cron(0 6 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": machine,
            "RoleArn": role,
            "Input": '{"n": 1}',
            "DeadLetterConfig": {"Arn": dead},
        },
    )
    plumbing.after(3601)
    (message,) = plumbing.take(dead)
    assert json.loads(message["Body"]) == {"stateMachineArn": machine, "input": '{"n": 1}'}
    found = attributes(message)
    assert found["SCHEDULED_TIME"] == "2026-01-31T06:00:00Z"
    assert found["SCHEDULE_ARN"].endswith(":schedule/default/daily")
    assert found["ERROR_CODE"] == "AccessDeniedException"
    assert found["TARGET_ARN"] == machine


def test_dead_letter_queues_are_standard_queues(plumbing: Any, account: Any, machine: str) -> None:
    role = account.role("starter", "events", ("states:StartExecution", machine))
    wrong = {"Arn": "arn:aws:sqs:us-east-1:123456789012:dead.fifo"}
    with pytest.raises(ClientError, match="must name a standard queue"):
        rule(plumbing, {"Arn": machine, "RoleArn": role, "DeadLetterConfig": wrong})
