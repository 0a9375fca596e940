"""Log groups and the key that encrypts them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.lint.program import Stack

Inputs = Callable[[str, str], Mapping[str, Any]]
LOGGED = {
    "/aws/lambda": ["read-partition", "parse-response", "assemble-partition"],
    "/aws/vendedlogs/states": ["enrich-partitions", "enrich-partition", "enrich-posting"],
}


def test_every_function_and_workflow_has_its_log_group(stack: Stack) -> None:
    groups = stack.resources.of_type("aws:cloudwatch/logGroup:LogGroup")

    assert {group.inputs["name"] for group in groups} == {
        f"{prefix}/data-engineer-jobs-{stack.name}-{thing}"
        for prefix, things in LOGGED.items()
        for thing in things
    }


def test_logs_are_encrypted_and_kept_for_thirty_days(stack: Stack) -> None:
    (key,) = (key for key in stack.resources.of_type("aws:kms/key:Key") if key.name == "logs")

    for group in stack.resources.of_type("aws:cloudwatch/logGroup:LogGroup"):
        assert group.inputs["retentionInDays"] == 30
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
                    for prefix in LOGGED
                ]
            }
        },
    }
