"""Schedules fire on the engine's clock, once, as their role, with their input."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.endpoint import Endpoint
from embedded_aws.server import EmbeddedAws, running
from embedded_aws.stepfunctions.clock import Clock

HOUR = 3600.0
START = datetime(2026, 1, 31, 5, tzinfo=UTC).timestamp()
INPUT = '{"source": "schedule", "time": "<aws.scheduler.scheduled-time>"}'
DAILY = "cron(0 6 * * ? *)"


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """A server at 2026-01-31T05:00:00Z."""
    with running(clock=Clock.virtual(START)) as server:
        yield server


@pytest.fixture
def account(aws: EmbeddedAws, account_of: Callable[[Endpoint], Any]) -> Any:
    return account_of(aws.endpoint)


@pytest.fixture
def machine(account: Any) -> str:
    """A machine that takes a minute."""
    role = account.role("workflow", "states")
    return str(
        account.machine("daily", role, {"Work": {"Type": "Wait", "Seconds": 60, "End": True}})
    )


@pytest.fixture
def role(account: Any, machine: str) -> str:
    """A role that the Scheduler may assume and that may start the machine."""
    return str(account.role("schedule", "scheduler", ("states:StartExecution", machine)))


def create(account: Any, machine: str, role: str, **settings: Any) -> None:
    request = {
        "Name": "daily",
        "ScheduleExpression": DAILY,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": machine, "RoleArn": role, "Input": INPUT},
        **settings,
    }
    account.endpoint.client("scheduler").create_schedule(**request)


def inputs(account: Any, machine: str) -> list[Any]:
    """What executions were started with, oldest first."""
    client = account.endpoint.client("stepfunctions")
    listed = client.list_executions(stateMachineArn=machine)["executions"]
    described = [client.describe_execution(executionArn=e["executionArn"]) for e in listed]
    return [json.loads(d["input"]) for d in sorted(described, key=lambda d: d["startDate"])]


def times(account: Any, machine: str) -> list[str]:
    return [item["time"] for item in inputs(account, machine)]


def test_passing_six_oclock_starts_exactly_one_execution_with_its_input(
    aws: EmbeddedAws, account: Any, machine: str, role: str
) -> None:
    create(account, machine, role)
    aws.advance_to(START + HOUR - 1)
    assert inputs(account, machine) == []
    aws.advance_to(START + HOUR)
    expected = [{"source": "schedule", "time": "2026-01-31T06:00:00Z"}]
    assert inputs(account, machine) == expected
    aws.advance_to(START + 24 * HOUR)
    assert inputs(account, machine) == expected
    aws.advance_to(START + 25 * HOUR)
    assert times(account, machine) == ["2026-01-31T06:00:00Z", "2026-02-01T06:00:00Z"]


def test_executions_do_not_make_schedules_fire_early(
    aws: EmbeddedAws, account: Any, machine: str, role: str
) -> None:
    create(account, machine, role)
    client = account.endpoint.client("stepfunctions")
    client.start_execution(stateMachineArn=machine, input='{"time": "by hand"}')
    aws.advance_to(START + 600)
    assert times(account, machine) == ["by hand"]


def test_a_time_zone_is_its_local_time(
    aws: EmbeddedAws, account: Any, machine: str, role: str
) -> None:
    create(account, machine, role, ScheduleExpressionTimezone="Europe/Berlin")
    aws.advance_to(START + 24 * HOUR)
    assert times(account, machine) == ["2026-02-01T05:00:00Z"]


def test_changed_disabled_and_deleted_schedules(
    aws: EmbeddedAws, account: Any, machine: str, role: str
) -> None:
    scheduler = account.endpoint.client("scheduler")
    create(account, machine, role)
    target = {"Arn": machine, "RoleArn": role, "Input": INPUT}
    common = {"Name": "daily", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    scheduler.update_schedule(**common, ScheduleExpression="cron(30 6 * * ? *)")
    aws.advance_to(START + 2 * HOUR)
    assert times(account, machine) == ["2026-01-31T06:30:00Z"]
    scheduler.update_schedule(**common, ScheduleExpression=DAILY, State="DISABLED")
    aws.advance_to(START + 26 * HOUR)
    assert len(times(account, machine)) == 1
    scheduler.update_schedule(**common, ScheduleExpression=DAILY)
    scheduler.delete_schedule(Name="daily")
    aws.advance_to(START + 50 * HOUR)
    assert len(times(account, machine)) == 1


def test_rates_one_time_schedules_and_end_dates(
    aws: EmbeddedAws, account: Any, machine: str, role: str
) -> None:
    create(
        account,
        machine,
        role,
        Name="often",
        ScheduleExpression="rate(20 minutes)",
        StartDate=START + 600,
        EndDate=START + 3000,
    )
    create(
        account,
        machine,
        role,
        Name="once",
        ScheduleExpression="at(2026-01-31T05:15:00)",
        ActionAfterCompletion="DELETE",
    )
    aws.advance_to(START + 24 * HOUR)
    assert times(account, machine) == [
        "2026-01-31T05:10:00Z",
        "2026-01-31T05:15:00Z",
        "2026-01-31T05:30:00Z",
        "2026-01-31T05:50:00Z",
    ]
    names = [s["Name"] for s in account.endpoint.client("scheduler").list_schedules()["Schedules"]]
    assert names == ["often"]


def test_a_rule_with_a_schedule_sends_its_event(
    aws: EmbeddedAws, account: Any, machine: str
) -> None:
    role = account.role("rule", "events", ("states:StartExecution", machine))
    events = account.endpoint.client("events")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": machine, "RoleArn": role}])
    aws.advance_to(START + 2.5 * HOUR)
    received = inputs(account, machine)
    assert [event["time"] for event in received] == ["2026-01-31T06:00:00Z", "2026-01-31T07:00:00Z"]
    assert {event["detail-type"] for event in received} == {"Scheduled Event"}


def test_an_event_starts_an_execution_as_the_targets_role(
    aws: EmbeddedAws, account: Any, machine: str
) -> None:
    allowed = account.role("allowed", "events", ("states:StartExecution", machine))
    denied = account.role("denied", "events")
    events = account.endpoint.client("events")
    events.put_rule(Name="rule", EventPattern='{"source": ["tests"]}')
    targets = [
        {"Id": role.rpartition("/")[2], "Arn": machine, "RoleArn": role, "InputPath": "$.detail"}
        for role in (allowed, denied)
    ]
    events.put_targets(Rule="rule", Targets=targets)
    entry = {"Source": "tests", "DetailType": "any", "Detail": '{"time": "now"}'}
    events.put_events(Entries=[entry])
    aws.advance_to(START + 1)  # comes after the deliveries: the clock waits for them
    assert times(account, machine) == ["now"]
    assert [(f.target, f.caller) for f in aws.deliveries.failures] == [(machine, denied)]
    assert "not authorized to perform: states:StartExecution" in aws.deliveries.failures[0].error


def test_a_role_without_permission_starts_nothing(
    aws: EmbeddedAws, account: Any, machine: str
) -> None:
    create(account, machine, account.role("powerless", "scheduler"))
    aws.advance_to(START + HOUR)
    assert inputs(account, machine) == []
    assert len(aws.deliveries.failures) == 1


def test_a_queue_is_a_target_too(aws: EmbeddedAws, account: Any) -> None:
    sqs = account.endpoint.client("sqs")
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:queue"
    role = account.role("sender", "scheduler", ("sqs:SendMessage", arn))
    create(account, arn, role)
    aws.advance_to(START + HOUR)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["time"] == "2026-01-31T06:00:00Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ScheduleExpression": "cron(0 6 * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpression": "every day"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Base"}, "Invalid time zone Mars/Base"),
    ],
)
def test_expressions_that_never_fire_are_refused(
    account: Any, machine: str, role: str, change: dict[str, str], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        create(account, machine, role, **change)
