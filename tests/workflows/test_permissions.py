"""Every grant of every role is needed: without it, the execution that needs it is denied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.models import invoke_models
from infra.naming import Deployment
from tests.stack import Stack, new_hour, new_posting
from tests.workflows import discovery_scenarios, gold_denials
from tests.workflows.denials import (
    CASES,
    ONLY_ON_AWS,
    Case,
    Scenario,
    a_posting,
    assert_covered,
    label,
)
from tests.workflows.roles import (
    Statement,
    changed,
    denials,
    granted,
    statements,
    told,
    without,
)

MODEL = "openai.gpt-oss-120b-1:0"
PROFILE = f"us.{MODEL}"
REGIONS = ["us-east-1", "us-west-2"]


SCENARIOS = list(dict.fromkeys(case.scenario for case in CASES))


@pytest.mark.parametrize("case", CASES, ids=label)
def test_without_a_grant_the_execution_that_needs_it_is_denied(stack: Stack, case: Case) -> None:
    run = case.scenario(stack)

    with changed(stack, case.role, case.sid, without(case.action, case.resource)):
        text = run()

    assert denials(text) == {(case.role, case.action)}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_with_every_grant_nothing_is_denied(stack: Stack, scenario: Scenario) -> None:
    assert denials(scenario(stack)()) == set()


def test_every_grant_has_a_case_or_a_reason(stack: Stack) -> None:
    live = {grant for grant in granted(stack) if grant.role not in gold_denials.ROLES}
    assert_covered(live, CASES, ONLY_ON_AWS)


def test_what_only_aws_asks_for_has_no_condition(stack: Stack) -> None:
    for entry in ONLY_ON_AWS:
        for role in entry.resources:
            (found,) = [s for s in statements(stack, role) if s["Sid"] == entry.sid]
            assert set(found) == {"Sid", "Effect", "Action", "Resource"}, entry.reason
            assert found["Effect"] == "Allow"


def test_discovery_lists_both_sides(stack: Stack) -> None:
    """ListSilver has one resource and two prefixes, which are listed by different states."""
    run = discovery_scenarios.pending(stack)

    def silver_only(statement: Statement) -> list[Statement]:
        return [{**statement, "Condition": {"StringLike": {"s3:prefix": ["linkedin/*"]}}}]

    with changed(stack, "find-pending-partitions", "ListSilver", silver_only):
        text = run()

    assert denials(text) == {("find-pending-partitions", "s3:ListBucket")}


def test_metrics_of_another_namespace_are_denied(stack: Stack) -> None:
    hour = new_hour()
    stack.put_rows(hour, [])

    def elsewhere(statement: Statement) -> list[Statement]:
        return [{**statement, "Condition": {"StringEquals": {"cloudwatch:namespace": "Other"}}}]

    with changed(stack, "enrich-partition", "PutMetrics", elsewhere):
        text = told(stack, stack.enrich_partition(hour))

    assert denials(text) == {("enrich-partition", "cloudwatch:PutMetricData")}


def test_a_function_that_may_not_log_runs_and_leaves_no_log(stack: Stack) -> None:
    run = a_posting(stack)
    before = logged(stack)

    with changed(stack, "parse-response", "WriteLogs", without("logs:PutLogEvents")):
        run()
    silent = logged(stack)
    a_posting(stack)()

    assert silent == before
    assert logged(stack) == before + 3


def logged(stack: Stack) -> int:
    """Invocations in parse_response's log."""
    pages = stack.client("logs").get_paginator("filter_log_events")
    group = stack.outputs["parse_response_log_group"]
    return sum(
        event["message"].startswith("START ")
        for page in pages.paginate(logGroupName=group)
        for event in page["events"]
    )


@pytest.fixture
def profile(stack: Stack) -> Iterator[list[Statement]]:
    """The passes call a model through a profile; the statements of a stack with such passes."""
    s3, bucket = stack.client("s3"), stack.outputs["artifacts_bucket"]
    (entry,) = s3.list_objects_v2(Bucket=bucket, Prefix="config/passes/")["Contents"]
    where = {"Bucket": bucket, "Key": entry["Key"]}
    original = s3.get_object(**where)["Body"].read()
    compiled = json.loads(original)
    for one in compiled["passes"]:
        one["model"] = PROFILE
    s3.put_object(**where, Body=json.dumps(compiled))
    dynamodb, table = stack.client("dynamodb"), stack.outputs["enrichment_slots_table"]
    slots = {"pk": {"S": "slots"}, "sk": {"S": PROFILE}}
    dynamodb.put_item(TableName=table, Item={**slots, "limit": {"N": "5"}})
    here = Deployment("data-engineer-jobs", "local", "123456789012", "us-east-1", "aws")
    found = invoke_models(here, {"pass1": PROFILE}, {PROFILE: REGIONS})
    yield [statement.document() for statement in found]
    s3.put_object(**where, Body=original)
    dynamodb.delete_item(TableName=table, Key=slots)


def test_a_profile_needs_its_own_statement_and_the_one_of_its_models(
    stack: Stack, profile: list[Statement]
) -> None:
    denied: dict[str, Any] = {}
    for left_out in ("", "InvokeModels", "InvokeRoutedModels"):
        kept = [statement for statement in profile if statement["Sid"] != left_out]
        with changed(stack, "enrich-posting", "InvokeModels", lambda _, kept=kept: kept):  # type: ignore[misc]
            run = stack.enrich(new_posting(), new_hour())
        denied[left_out] = (run.output["outcome"], denials(told(stack, run)))

    refused = ("FAILED", {("enrich-posting", "bedrock:InvokeModel")})
    assert denied == {
        "": ("COMPLETED", set()),
        "InvokeModels": refused,
        "InvokeRoutedModels": refused,
    }
