"""IAM statements and roles: named, scoped, and refused where they are wider than they need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.naming import Deployment

Condition = Mapping[str, Mapping[str, Any]]

# The only statements that may name every resource, each with the reason that leaves no finer way.
UNSCOPED = {
    "DeliverLogs": "the actions that manage vended log delivery have no resource types",
    "Trace": "the actions that send traces and read sampling rules have no resource types",
    "PutMetrics": "PutMetricData has no resource type; a condition limits the namespace",
    "AnswerTokens": "the actions that answer task tokens have no resource types",
    "JoinNetwork": "Lambda wants these actions on all resources for a function in a VPC",
    "FollowStatements": "statements of the Data API have no resource type; only the caller's show",
    "AdministerKey": "in a key's own policy the resource * is that key",
    "EncryptLogs": "in a key's own policy the resource * is that key",
    "EncryptAlarms": "in a key's own policy the resource * is that key",
}


@dataclass(frozen=True)
class Statement:
    """One Allow. `resources` are ARNs; `*` alone only for a `sid` listed in UNSCOPED."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[pulumi.Input[str]]
    condition: Condition | None = None

    def __post_init__(self) -> None:
        wide = [action for action in self.actions if "*" in action]
        if wide:
            raise ValueError(f"statement {self.sid}: name each action instead of {wide[0]}")
        if "*" in [r for r in self.resources if isinstance(r, str)] and self.sid not in UNSCOPED:
            raise ValueError(f"statement {self.sid}: name its resources instead of *")

    def document(self) -> dict[str, Any]:
        """The statement as IAM reads it."""
        condition = {"Condition": dict(self.condition)} if self.condition else {}
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": list(self.resources),
            **condition,
        }


def policy(statements: Sequence[Statement | Mapping[str, Any]]) -> pulumi.Output[str]:
    """A policy document of statements; plain mappings are for Deny and for principals."""
    documents = [s.document() if isinstance(s, Statement) else dict(s) for s in statements]
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": documents})


def list_prefixes(sid: str, bucket: pulumi.Input[str], prefixes: Sequence[str]) -> Statement:
    """Listing below prefixes; it also turns AccessDenied for a missing key into NoSuchKey."""
    patterns = [f"{prefix}*" for prefix in prefixes]
    return Statement(sid, ["s3:ListBucket"], [bucket], {"StringLike": {"s3:prefix": patterns}})


def objects(bucket_arn: pulumi.Input[str], *prefixes: str) -> list[pulumi.Input[str]]:
    """The ARNs of all objects below prefixes of a bucket."""
    return [pulumi.Output.concat(bucket_arn, "/", prefix, "*") for prefix in prefixes]


class ServiceRole(pulumi.ComponentResource):
    """A role that one AWS service assumes, with one policy of its own.

    `arn` is the role's; `ready` is what must exist before the role can be used.
    """

    def __init__(
        self,
        thing: str,
        deployment: Deployment,
        service: str,
        statements: Sequence[Statement],
        tags: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:iam:ServiceRole", thing, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            thing,
            name=deployment.name(thing),
            assume_role_policy=policy([_assumed_by(service, deployment.account)]),
            tags=tags,
            opts=child,
        )
        self.ready = aws.iam.RolePolicy(
            thing,
            name=deployment.name(thing),
            role=role.name,
            policy=policy(statements),
            opts=child,
        )
        self.arn = role.arn
        self.register_outputs({"arn": role.arn})


def _assumed_by(service: str, account: str) -> dict[str, Any]:
    """Only on behalf of this account, where the service says for whom it acts; Lambda does not."""
    for_account = {"Condition": {"StringEquals": {"aws:SourceAccount": account}}}
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        **({} if service == "lambda.amazonaws.com" else for_account),
    }
