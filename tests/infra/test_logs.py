"""Log groups and the key that encrypts them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.lint.program import Stack

Inputs = Callable[[str, str], Mapping[str, Any]]
PREFIXES = ("/aws/lambda", "/aws/vendedlogs/states", "/dbt")
RESULTS = ("gold-runs", "gold-tests")  # of models and tests, kept longer than logs


def test_every_function_and_workflow_has_its_log_group(stack: Stack) -> None:
    groups = stack.resources.of_type("aws:cloudwatch/logGroup:LogGroup")
    functions = stack.resources.of_type("aws:lambda/function:Function")
    workflows = stack.resources.of_type("aws:sfn/stateMachine:StateMachine")

    assert {group.inputs["name"] for group in groups} == {
        *(f"/aws/lambda/{function.inputs['name']}" for function in functions),
        *(f"/aws/vendedlogs/states/{workflow.inputs['name']}" for workflow in workflows),
        *(f"/dbt/data-engineer-jobs-{stack.name}-{name}" for name in RESULTS),
    }


def test_logs_are_encrypted_and_kept_for_thirty_days(stack: Stack) -> None:
    (key,) = (key for key in stack.resources.of_type("aws:kms/key:Key") if key.name == "logs")

    for group in stack.resources.of_type("aws:cloudwatch/logGroup:LogGroup"):
        assert group.inputs["retentionInDays"] == (90 if group.name in RESULTS else 30)
        assert group.inputs["kmsKeyId"] == key.outputs["arn"]


def test_the_key_rotates(inputs: Inputs) -> None:
    key = inputs("Key", "logs")

    assert key["enableKeyRotation"] is True
    assert key["deletionWindowInDays"] == 30
    assert inputs("Alias", "logs")["name"] == "alias/data-engineer-jobs-dev-logs"


def test_the_key_serves_the_log_groups_of_its_stack_only(inputs: Inputs) -> None:
    administer, encrypt = json.loads(inputs("Key", "logs")["policy"])["Statement"]

    assert administer["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert "kms:PutKeyPolicy" in administer["Action"]
    assert not {"kms:Decrypt", "kms:Encrypt"} & set(administer["Action"])
    assert encrypt == {
        "Sid": "EncryptLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        "Resource": ["*"],
        "Condition": {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": [
                    f"arn:aws:logs:us-east-1:123456789012:log-group:{prefix}/data-engineer-jobs-dev-*"
                    for prefix in PREFIXES
                ]
            }
        },
    }
