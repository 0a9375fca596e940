"""`dej schedule` stops what starts work, and starts again what it stopped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.commands.conftest import Dej
from tests.stack import Stack

GROUP = "data-engineer-jobs-local-schedules"
PARTITIONS = "data-engineer-jobs-local-enrich-partitions"


@pytest.fixture(autouse=True)
def running(stack: Stack, dej: Dej) -> Iterator[None]:
    """All run before and after."""
    yield
    for switch in states(dej):
        dej("schedule", "resume", "--only", switch)


def states(dej: Dej) -> dict[str, str]:
    """State by name."""
    return {f"{r['name']}": r["state"] for r in dej("--json", "schedule", "list").records}


def test_everything_that_starts_work_is_listed(stack: Stack, dej: Dej) -> None:
    scheduler = stack.client("scheduler")
    names = {
        entry["Name"].removeprefix("data-engineer-jobs-local-")
        for entry in scheduler.list_schedules(GroupName=GROUP)["Schedules"]
    }
    pipes = {
        entry["Name"].removeprefix("data-engineer-jobs-local-")
        for entry in stack.client("pipes").list_pipes()["Pipes"]
    }
    found = dej("--json", "schedule", "list").records

    assert {r["name"] for r in found if r["kind"] == "schedule"} == names
    assert {r["name"] for r in found if r["kind"] == "pipe"} == pipes
    assert {r["state"] for r in found} == {"running"}
    assert len(found) == len(names) + len(pipes) >= 3


def test_pause_and_resume(stack: Stack, dej: Dej) -> None:
    assert {r["state"] for r in dej("--json", "schedule", "pause").records} == {"paused"}

    assert set(states(dej).values()) == {"paused"}
    schedule = stack.client("scheduler").get_schedule(GroupName=GROUP, Name=PARTITIONS)
    assert schedule["State"] == "DISABLED"
    # AND it is what it was otherwise
    assert schedule["ScheduleExpression"] == "cron(0 6 * * ? *)"
    assert schedule["Target"]["Arn"] == stack.outputs["enrich_partitions_arn"]
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 20
    pipe = stack.client("pipes").describe_pipe(Name="data-engineer-jobs-local-enrichment-jobs")
    assert pipe["DesiredState"] == "STOPPED"

    assert {r["state"] for r in dej("--json", "schedule", "resume").records} == {"running"}
    assert set(states(dej).values()) == {"running"}


def test_a_second_pause_changes_nothing(stack: Stack, dej: Dej) -> None:
    dej("schedule", "pause")
    before = stack.client("scheduler").get_schedule(GroupName=GROUP, Name=PARTITIONS)
    stack.aws.advance_to(stack.aws.clock.now() + 60)

    dej("schedule", "pause")

    after = stack.client("scheduler").get_schedule(GroupName=GROUP, Name=PARTITIONS)
    assert after["Description"] == before["Description"]


def test_only_one(dej: Dej) -> None:
    dej("schedule", "pause", "--only", "enrich-partitions")

    paused = [name for name, state in states(dej).items() if state == "paused"]
    assert paused == ["enrich-partitions"]


def test_what_the_settings_switch_off_stays_off(stack: Stack, dej: Dej) -> None:
    scheduler = stack.client("scheduler")
    found = scheduler.get_schedule(GroupName=GROUP, Name=PARTITIONS)
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: found[name] for name in kept}, State="DISABLED")
    assert states(dej)["enrich-partitions"] == "off"

    dej("schedule", "pause")
    dej("schedule", "resume")

    assert states(dej)["enrich-partitions"] == "off"
    # UNLESS it is named
    dej("schedule", "resume", "--only", "enrich-partitions")
    assert states(dej)["enrich-partitions"] == "running"


def test_an_unknown_name(dej: Dej) -> None:
    ended = dej("schedule", "pause", "--only", "nothing")

    assert ended.code == 2
    assert ended.err.startswith("error: Stack local has no schedule or pipe nothing.\n")
    assert "enrich-partitions" in ended.err


def test_a_stack_whose_name_begins_like_this_ones(stack: Stack, dej: Dej) -> None:
    pipes = stack.client("pipes")
    found = pipes.describe_pipe(Name="data-engineer-jobs-local-enrichment-jobs")
    name = "data-engineer-jobs-local-2-enrichment-jobs"
    pipes.create_pipe(
        Name=name,
        **{key: found[key] for key in ("RoleArn", "Source", "Target", "TargetParameters")},
        DesiredState="STOPPED",
        Tags={"Project": "data-engineer-jobs", "Environment": "local-2"},
    )

    assert "2-enrichment-jobs" not in states(dej)
    pipes.delete_pipe(Name=name)
