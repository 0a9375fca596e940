"""Encrypted log groups: one key per stack, one log group per function and workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Deployment
from infra.policies import Statement, policy

COMPONENT = "logs"

# Everything an administrator does with a key, decryption of the logs apart.
KEY_ADMINISTRATION = [
    f"kms:{action}"
    for action in (
        "CancelKeyDeletion", "CreateAlias", "DeleteAlias", "DescribeKey", "DisableKey",
        "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "GetKeyPolicy",
        "GetKeyRotationStatus", "ListGrants", "ListKeyPolicies", "ListResourceTags",
        "PutKeyPolicy", "RevokeGrant", "ScheduleKeyDeletion", "TagResource", "UntagResource",
        "UpdateAlias", "UpdateKeyDescription",
    )
]  # fmt: skip

LOG_ENCRYPTION = [
    f"kms:{action}"
    for action in (
        "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom", "ReEncryptTo",
    )
]  # fmt: skip


@dataclass(frozen=True)
class LogPolicy:
    """How the log groups of a stack are kept."""

    key_arn: pulumi.Output[str]
    retention_days: int

    def group(
        self, thing: str, name: str, tags: Mapping[str, str], parent: pulumi.Resource
    ) -> aws.cloudwatch.LogGroup:
        """An encrypted log group that forgets."""
        return aws.cloudwatch.LogGroup(
            thing,
            name=name,
            kms_key_id=self.key_arn,
            retention_in_days=self.retention_days,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=parent),
        )


class LogKey(pulumi.ComponentResource):
    """The key of all log groups of a stack. `arn` is known once CloudWatch Logs may use it."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__("data-engineer-jobs:logs:LogKey", "logs")
        key = aws.kms.Key(
            "logs",
            description=f"Log groups of {deployment.name('*')}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=key_policy(deployment),
            tags=deployment.tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.kms.Alias(
            "logs",
            name=f"alias/{deployment.name('logs')}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": key.arn})


def key_policy(deployment: Deployment) -> pulumi.Output[str]:
    """The account administers the key; CloudWatch Logs encrypts this stack's log groups only."""
    groups = [
        deployment.arn("logs", f"log-group:{prefix}/{deployment.name('*')}")
        for prefix in ("/aws/lambda", "/aws/vendedlogs/states", "/dbt")
    ]
    administer = Statement("AdministerKey", KEY_ADMINISTRATION, ["*"])
    encrypt = Statement(
        "EncryptLogs",
        LOG_ENCRYPTION,
        ["*"],
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )
    account = f"arn:{deployment.partition}:iam::{deployment.account}:root"
    logs = f"logs.{deployment.region}.amazonaws.com"
    return policy(
        [
            administer.document() | {"Principal": {"AWS": account}},
            encrypt.document() | {"Principal": {"Service": logs}},
        ]
    )
