"""Each check passes on the project, finds a seeded mistake, and the command says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.lint import __main__ as command
from infra.lint import checks, cloudformation
from infra.lint.cloudformation import UnknownType
from infra.lint.program import Stack
from infra.platform import ROOT


def posting(dev: Stack, **states: Mapping[str, Any]) -> str:
    """The definition of enrich_posting with other states in the place of its own."""
    definition = json.loads(dev.definitions()["enrich-posting"])
    definition["States"] |= states
    return json.dumps(definition)


BROKEN_STATES = [
    ("NotClaimed", {"Type": "Succeed", "Output": "{% $count( %}"}),
    ("NotClaimed", {"Type": "Succed"}),
    ("NotClaimed", {"Type": "Pass", "Next": "Nowhere"}),
    ("Unreached", {"Type": "Succeed"}),
    ("LookUp", {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject"}),
]


@pytest.mark.parametrize(("name", "state"), BROKEN_STATES, ids=range(len(BROKEN_STATES)))
def test_a_broken_workflow_is_found(dev: Stack, name: str, state: Mapping[str, Any]) -> None:
    found = checks.workflows(ROOT, {"enrich-posting": posting(dev, **{name: state})})

    assert found
    assert all(finding.startswith("enrich-posting: ") for finding in found)


def test_the_right_one_of_several_workflows_is_named(dev: Stack) -> None:
    good = posting(dev)
    broken = posting(dev, NotClaimed={"Type": "Succed"})

    found = checks.workflows(ROOT, {"a": good, "b": broken, "c": good})

    assert {finding.split(":")[0] for finding in found} == {"b"}


def test_a_missing_validator_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(checks.MissingTool, match="npm ci"):
        checks.workflows(tmp_path, {"a": "{}"})


def broken_resource(dev: Stack, kind: str, name: str, **inputs: Any) -> list[str]:
    """What cfn-lint finds once inputs of one resource are replaced."""
    resources = [
        SimpleNamespace(type=r.type, name=r.name, inputs=deepcopy(r.inputs) | inputs)
        for r in dev.resources
        if r.type.endswith(f":{kind}") and r.name == name
    ]
    return checks.resources(cloudformation.template(resources), dev.region)


BROKEN_RESOURCES = [
    ("LogGroup", "enrich-posting", {"retentionInDays": 31}, "31"),
    ("LogGroup", "enrich-posting", {"retention": 30}, "Retention"),
    ("Function", "read-partition", {"runtime": "python9.99"}, "python9.99"),
    ("Function", "read-partition", {"memorySize": 64}, "64"),
    ("Function", "read-partition", {"timeout": 901}, "901"),
    ("Bucket", "silver", {"bucket": "Silver_Bucket"}, "Silver_Bucket"),
    ("Schedule", "enrich-partitions", {"state": "ON"}, "ON"),
    ("Table", "enrichment-status", {"billingMode": "FREE"}, "FREE"),
    (
        "RolePolicy",
        "parse-response",
        {
            "policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "s3:PutObjekt",
                            "Resource": "arn:aws:s3:::b/*",
                        }
                    ],
                }
            )
        },
        "putobjekt",
    ),
]


@pytest.mark.parametrize(
    ("kind", "name", "inputs", "word"), BROKEN_RESOURCES, ids=range(len(BROKEN_RESOURCES))
)
def test_a_broken_resource_is_found(
    dev: Stack, kind: str, name: str, inputs: dict[str, Any], word: str
) -> None:
    found = broken_resource(dev, kind, name, **inputs)

    assert found
    assert any(word in finding for finding in found), found


def test_a_type_without_projection_is_refused() -> None:
    stranger = SimpleNamespace(type="aws:mq/broker:Broker", name="jobs", inputs={})

    with pytest.raises(UnknownType, match=r"^aws:mq/broker:Broker jobs: add the type to "):
        cloudformation.template([stranger])


ALLOW: dict[str, Any] = {
    "Sid": "S",
    "Effect": "Allow",
    "Action": ["s3:GetObject"],
    "Resource": ["arn:aws:s3:::b/*"],
}

TOO_WIDE = [
    ({"Action": "s3:*"}, "allows s3:*; name each action"),
    ({"Action": ["s3:GetObject", "s3:Put*"]}, "allows s3:Put*; name each action"),
    ({"Resource": "*"}, "names every resource; name its own, or give the reason in "),
    ({"Principal": "*"}, "trusts everybody; name the principal"),
]


@pytest.mark.parametrize(("change", "problem"), TOO_WIDE)
def test_a_policy_that_is_too_wide_is_found(change: dict[str, Any], problem: str) -> None:
    (found,) = checks.policies({"RolePolicy x": {"Statement": [ALLOW, ALLOW | change]}})

    assert found.startswith(f"RolePolicy x, statement S: {problem}")


def test_a_listed_reason_or_a_deny_is_no_finding() -> None:
    trace = ALLOW | {"Sid": "Trace", "Resource": "*"}
    deny = ALLOW | {"Effect": "Deny", "Action": "*", "Principal": "*", "Resource": "*"}

    assert checks.policies({"x": {"Statement": [trace, deny]}}) == []


def test_actions_that_are_missing_or_not_needed_are_found(dev: Stack) -> None:
    definitions = {"enrich-posting": dev.definitions()["enrich-posting"]}
    granted = checks.actions(dev.statements("enrich-posting"))
    other = granted - {"bedrock:InvokeModel"} | {"s3:DeleteObject"}

    assert checks.privileges(definitions, {"enrich-posting": granted}) == []
    assert checks.privileges(definitions, {"enrich-posting": other}) == [
        "enrich-posting: a state needs bedrock:InvokeModel",
        "enrich-posting: no state needs s3:DeleteObject",
    ]


def test_the_lock_of_the_tools_names_no_host() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())

    assert all("resolved" not in package for package in lock["packages"].values())
    assert lock["packages"]["node_modules/asl-validator"]["version"] == "4.0.0"


def test_the_project_has_no_findings(dev: Stack) -> None:
    assert {check: found for check, found in command.check_stack(dev) if found} == {}


def test_the_command_prints_a_line_per_check_and_fails_on_findings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"prod": ["silver: public"]}
    monkeypatch.setattr(command, "look", lambda root, name: name)
    monkeypatch.setattr(command, "check_stack", lambda name: [("access", found.get(name, []))])

    assert command.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "dev: access: ok",
        "local: access: ok",
        "prod: access: 1 findings",
        "    silver: public",
        "staging: access: ok",
    ]

    found.clear()
    assert command.main() == 0
