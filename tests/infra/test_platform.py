"""The program as a whole: names, tags, outputs, and what differs between stacks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from embedded_aws.provider.config import load_project
from infra.lint.program import Stack, look_at
from infra.platform import ROOT
from infra.settings import KEY, PROJECT

STACKS = ["local", "dev", "staging", "prod"]
SETTINGS = f"{PROJECT}:{KEY}"

# The inputs that name a resource; what has none belongs to a named one or is named by its content.
NAMES = (
    *("bucket", "databaseName", "name", "layerName", "dashboardName", "tableName", "queueUrl"),
    *("arn", "topic", "namespaceName", "workgroupName"),
)
UNNAMED = {
    "Key": "a key is known by its alias",
    "RouteTableAssociation": "it belongs to its subnet",
    "UsageLimit": "it belongs to its workgroup",
    "KeyvaluestoreKey": "it belongs to its store",
}

# Kinds that AWS cannot tag.
UNTAGGED = {
    "Alias", "BucketLifecycleConfiguration", "BucketOwnershipControls", "BucketPolicy",
    "BucketPublicAccessBlock", "BucketServerSideEncryptionConfiguration", "BucketVersioning",
    "CatalogTable", "Dashboard", "EventTarget", "KeyValueStore", "LayerVersion", "LogMetricFilter",
    "OriginAccessControl", "QueuePolicy", "RolePolicy", "RouteTableAssociation", "Schedule",
    "TableItem", "TopicPolicy", "TopicSubscription", "UsageLimit", "cloudfront/function",
}  # fmt: skip


def kind(resource: Any) -> str:
    text: str = resource.type.rsplit(":", 1)[-1]
    return "cloudfront/function" if resource.type.startswith("aws:cloudfront/function") else text


def name_of(resource: Any) -> str:
    """What an operator knows it by; what has no name of its own has a tag or a comment."""
    tagged = resource.inputs.get("tags", {}).get("Name")
    given = [resource.inputs[name] for name in NAMES if name in resource.inputs]
    return str(next(iter(given), tagged or resource.inputs.get("comment")))


def look_with(stack: str, **settings: Any) -> Stack:
    """A stack under another name or with other settings than its file has."""
    project = load_project(ROOT, "dev")
    given = json.loads(project.config[SETTINGS])
    for section, values in settings.items():
        given.setdefault(section, {}).update(values)
    return look_at(
        replace(project, stack=stack, config=project.config | {SETTINGS: json.dumps(given)})
    )


def test_every_name_is_explicit(stack: Stack) -> None:
    for resource in stack.resources:
        if kind(resource) in UNNAMED:
            continue
        name = name_of(resource).replace("_", "-")  # the catalog takes no hyphens
        assert f"data-engineer-jobs-{stack.name}-" in name, resource.urn


def test_no_name_is_generated(stack: Stack) -> None:
    for resource in stack.resources:
        assert not [name for name in resource.inputs if name.endswith("Prefix")], resource.urn


def test_names_fit_the_longest_stack() -> None:
    longest = look_with("a23456789012345", lake={"force_destroy": False})
    limits = {"Bucket": 63, "Role": 64, "Function": 64, "StateMachine": 80, "Schedule": 64}

    for resource in longest.resources:
        if kind(resource) in limits:
            name = resource.inputs.get("bucket") or resource.inputs["name"]
            assert len(name) <= limits[kind(resource)], name


def test_every_resource_is_tagged(stack: Stack) -> None:
    for resource in stack.resources:
        if kind(resource) in UNTAGGED:
            assert "tags" not in resource.inputs
            continue
        tags = resource.inputs["tags"]
        assert set(tags) - {"Name"} == {"Project", "Environment", "Component"}, resource.urn
        assert tags["Project"] == "data-engineer-jobs"
        assert tags["Environment"] == stack.name
        assert tags["Component"] in ("lake", "logs", "schedules", "enrichment", "alarms", "gold")


def test_two_stacks_of_one_account_do_not_clash() -> None:
    names = [
        {
            (kind(resource), resource.inputs[name])
            for resource in look_with(stack).resources
            for name in NAMES
            if name in resource.inputs and not {"role", "databaseName"} & resource.inputs.keys()
        }
        for stack in ("dev", "local")
    ]

    assert len(names[0]) == len(names[1]) > 20
    assert not names[0] & names[1]


def test_stacks_differ_only_by_their_settings() -> None:
    one, other = (
        {
            (resource.type, resource.name): json.dumps(resource.inputs, default=str, sort_keys=True)
            for resource in look_with(stack).resources
        }
        for stack in ("dev", "local")
    )

    assert one.keys() == other.keys()
    for key, inputs in one.items():
        renamed = re.sub(r"(?<=[-_\"(])local(?=[-_\"\\)])", "dev", other[key])
        assert without_ids(renamed) == without_ids(inputs)


def without_ids(inputs: str) -> str:
    """AWS chooses the ids of keys, networks and the like."""
    ids = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(vpc|subnet|sg|rtb|vpce|pl)-[0-9a-f]{17}"
    return re.sub(ids, "ID", inputs)


def test_a_changed_setting_changes_what_it_says_and_nothing_else() -> None:
    before = {r.urn: r.inputs for r in look_with("dev").resources}
    after = {r.urn: r.inputs for r in look_with("dev", logs={"retention_days": 14}).resources}

    changed = {urn for urn in before if before[urn] != after[urn]}
    assert before.keys() == after.keys()
    results = ("gold-runs", "gold-tests")  # with a time of their own
    assert changed == {urn for urn in before if "LogGroup" in urn and not urn.endswith(results)}


def test_a_switched_off_schedule_is_disabled() -> None:
    stack = look_with("dev", enrichment={"schedule": {"enabled": False}})

    assert stack.inputs("Schedule", "enrich-partitions")["state"] == "DISABLED"


def test_settings_that_cannot_be_used_leave_nothing_behind() -> None:
    with pytest.raises(pulumi.RunError, match=r"enrichment\.max_job_retries is 0"):
        look_with("dev", enrichment={"max_job_retries": 0})


def test_a_model_family_that_cannot_be_asked_is_refused() -> None:
    models = {"pass1": "acme.model-1", "pass2": "acme.model-1", "pass3": "acme.model-1"}

    with pytest.raises(pulumi.RunError, match=r"acme\.model-1"):
        look_with("dev", enrichment={"models": models})


def test_an_inference_profile_is_invoked_where_it_routes_to() -> None:
    profile = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    stack = look_with(
        "dev",
        enrichment={
            "models": dict.fromkeys(("pass1", "pass2", "pass3"), profile),
            "profile_regions": {profile: ["us-east-1", "us-east-2"]},
        },
    )

    assert stack.statements("enrich-posting")["InvokeModels"]["Resource"] == [
        f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{profile}"
    ]
    assert len(stack.statements("enrich-posting")["InvokeRoutedModels"]["Resource"]) == 2


def test_operators_find_what_they_need(dev: Stack) -> None:
    outputs = dev.resources.exports
    console = "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#"
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:data-engineer-jobs-dev"

    assert outputs["silver_bucket"] == "data-engineer-jobs-dev-silver"
    assert outputs["bronze_bucket"] == "data-engineer-jobs-dev-bronze"
    assert outputs["artifacts_bucket"] == "data-engineer-jobs-dev-artifacts"
    assert outputs["enrichment_status_table"] == "data-engineer-jobs-dev-enrichment-status"
    assert outputs["enrich_posting_arn"] == f"{machine}-enrich-posting"
    assert outputs["enrich_posting_url"] == (
        f"{console}/statemachines/view/{machine}-enrich-posting"
    )
    assert outputs["enrich_posting_studio_url"] == (
        f"{console}/visual-editor?stateMachineArn={machine}-enrich-posting"
    )
    assert all(isinstance(value, str) and value for value in outputs.values())
