"""Which build, or which command of the dbt runner, needs which grant of Gold's roles.

As in denials.py: a scenario prepares with all grants and returns what runs without one. Builds
end at their first step, by an error planned for the runner; commands are those of a build's steps.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stack import Stack, new_hour
from tests.workflows.denials import HOST, ONLY_ON_AWS, Case, OnlyOnAws
from tests.workflows.discovery_scenarios import undelivered
from tests.workflows.gold import (
    AFTER_ENRICHMENT,
    WAREHOUSE,
    build,
    forget_lock,
    put_postings,
    set_lock,
)
from tests.workflows.roles import PREFIX, told

Run = Callable[[], str]

ROLES = ("build-gold", "build-gold-schedule", "dbt-runner", "gold-after-enrichment")
RUNNER = f"{PREFIX}dbt-runner"
DEAD = f"arn:aws:states:{HOST}:execution:{PREFIX}build-gold:dead"
_serial = itertools.count()


# --- builds


def a_build(stack: Stack) -> Run:
    """It ends at its first step and says so."""
    _free(stack)

    def run() -> str:
        _fails_at_once(stack)
        return told(stack, build(stack))

    return run


def a_whole_way_to_the_runner(stack: Stack) -> Run:
    _free(stack)
    return lambda: told(stack, build(stack, select="seed_word"))


def a_build_after_a_dead_one(stack: Stack) -> Run:
    _free(stack)

    def run() -> str:
        _fails_at_once(stack)
        set_lock(stack, owner=DEAD)
        return told(stack, build(stack))

    return run


def a_build_while_others_came(stack: Stack) -> Run:
    """Somebody else marks the lock while the first step runs."""
    _free(stack)

    def run() -> str:
        _fails_at_once(stack, lambda: _mark(stack))
        return told(stack, build(stack))

    return run


def seven_o_clock(stack: Stack) -> Run:
    """The schedule fires."""
    _free(stack)
    now = datetime.fromtimestamp(stack.aws.clock.now(), UTC)
    seven = now.replace(hour=7, minute=0, second=0, microsecond=0)
    due = seven if seven > now else seven + timedelta(days=1)

    def fire() -> None:
        _fails_at_once(stack)
        stack.aws.advance_to(due.timestamp() + 1)

    return undelivered(stack, fire)


def an_enrichment(stack: Stack) -> Run:
    """Its success starts a build; this one had nothing to do."""
    _free(stack)

    def enrich() -> None:
        events = stack.client("events")
        events.enable_rule(Name=AFTER_ENRICHMENT)
        stack.run("enrich_partitions", {"source": "test", "time": "now"})
        stack.aws.advance_to(stack.aws.clock.now() + 1)  # waits for the delivery
        events.disable_rule(Name=AFTER_ENRICHMENT)

    return undelivered(stack, enrich)


def _free(stack: Stack) -> None:
    stack.clear_faults()
    stack.empty_lake()
    forget_lock(stack)


def _fails_at_once(stack: Stack, then: Callable[[], None] = lambda: None) -> None:
    """The runner's next calls, those of a follow-up too."""

    def matches(event: Any) -> bool:
        then()
        return True

    stack.aws.functions.faults.fail(RUNNER, "DbtFailed", times=3, matches=matches)


def _mark(stack: Stack) -> None:
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["gold_builds_table"],
        Key={"pk": {"S": "build_gold"}},
        UpdateExpression="SET again = :other",
        ExpressionAttributeValues={":other": {"S": DEAD}},
    )


# --- commands


def a_connection(stack: Stack) -> Run:
    stack.clear_faults()
    return lambda: command(stack, "debug")


def seeds(stack: Stack) -> Run:
    """Writes to the warehouse."""
    _new_postings(stack)
    return lambda: command(stack, "seed", vars={"run_id": f"r{next(_serial)}"})


def some_tests(stack: Stack) -> Run:
    command(stack, "run", select="seed_word dim_word")
    return lambda: command(stack, "test", select="dim_word")


def enriched_postings(stack: Stack) -> Run:
    return _reading(stack, "linkedin_ai/")


def company_profiles(stack: Stack) -> Run:
    return _reading(stack, "linkedin_companies/")


def a_page_to_publish(stack: Stack) -> Run:
    stack.clear_faults()
    execution = f"e{next(_serial)}"
    key = f"work/gold/{execution}/docs/static_index.html"
    stack.client("s3").put_object(Bucket=stack.outputs["artifacts_bucket"], Key=key, Body=b"page")
    return lambda: command(stack, "deploy-docs", execution)


def a_page_that_nobody_made(stack: Stack) -> Run:
    stack.clear_faults()
    return lambda: command(stack, "deploy-docs", f"e{next(_serial)}")


def a_first_build(stack: Stack) -> Run:
    """There is no warehouse yet."""
    stack.client("s3").delete_object(Bucket=stack.outputs["artifacts_bucket"], Key=WAREHOUSE)
    return a_connection(stack)


def command(stack: Stack, name: str, execution: str = "e", **more: Any) -> str:
    """What the runner says to one command."""
    request = {"command": name, "step": name, "execution": execution, **more}
    answer = stack.client("lambda").invoke(FunctionName=RUNNER, Payload=json.dumps(request))
    return str(answer["Payload"].read().decode())


def _reading(stack: Stack, prefix: str) -> Run:
    """A file below the prefix that no warm process has fetched."""
    _new_postings(stack)
    key = f"{prefix}new-{next(_serial)}.parquet"
    stack.client("s3").put_object(Bucket=stack.outputs["silver_bucket"], Key=key, Body=b"any")
    return lambda: command(stack, "seed")


def _new_postings(stack: Stack) -> None:
    stack.clear_faults()
    stack.empty_lake()
    put_postings(stack, new_hour(), [f"p{next(_serial)}"])


# --- what needs what

CASES = [
    Case("build-gold", "HoldLock", "dynamodb:UpdateItem", a_build),
    Case("build-gold", "LookAtOwner", "states:DescribeExecution", a_build_after_a_dead_one),
    Case("build-gold", "FollowUp", "states:StartExecution", a_build_while_others_came),
    Case("build-gold", "RunDbt", "lambda:InvokeFunction", a_whole_way_to_the_runner),
    Case("build-gold", "Notify", "sns:Publish", a_build),
    Case("build-gold-schedule", "StartTarget", "states:StartExecution", seven_o_clock),
    Case("gold-after-enrichment", "StartBuild", "states:StartExecution", an_enrichment),
    Case("dbt-runner", "ListSilver", "s3:ListBucket", seeds),
    Case("dbt-runner", "ReadSilver", "s3:GetObject", seeds, "*/linkedin/*"),
    Case("dbt-runner", "ReadSilver", "s3:GetObject", enriched_postings, "*/linkedin_ai/*"),
    Case("dbt-runner", "ReadSilver", "s3:GetObject", company_profiles, "*/linkedin_companies/*"),
    Case("dbt-runner", "KeepWarehouse", "s3:PutObject", seeds),
    Case("dbt-runner", "KeepRuns", "s3:PutObject", seeds),
    Case("dbt-runner", "KeepRuns", "s3:GetObject", a_page_to_publish),
    Case("dbt-runner", "PublishDocs", "s3:PutObject", a_page_to_publish),
    Case("dbt-runner", "ListRuns", "s3:ListBucket", a_page_that_nobody_made),
    Case("dbt-runner", "PutMetrics", "cloudwatch:PutMetricData", a_connection),
    *(
        Case("dbt-runner", "LogResults", action, scenario, f"*-gold-{kind}*")
        for kind, scenario in (("runs", seeds), ("tests", some_tests))
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    ),
]

# HEAD answers have no body, so the denial names no action: the runner only sees a 403.
WITHOUT_WORDS = [
    Case("dbt-runner", "KeepWarehouse", "s3:GetObject", seeds),
    Case("dbt-runner", "ListWarehouse", "s3:ListBucket", a_first_build),
]


def _as_of(role: str, other: str) -> Iterator[OnlyOnAws]:
    """What only AWS asks of another workflow or function, and in the same words of this one."""
    for entry in ONLY_ON_AWS:
        if entry.sid in ("DeliverLogs", "Trace", "WriteLogs") and other in entry.resources:
            resource = entry.resources[other].replace(other, role)
            yield OnlyOnAws(entry.sid, entry.actions, {role: resource}, entry.reason)


ONLY_ON_AWS_IN_GOLD = [
    *_as_of("build-gold", "enrich-partition"),
    *_as_of("dbt-runner", "parse-response"),
]
