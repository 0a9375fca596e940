"""DynamoDB tables: on demand, recoverable to any second, encrypted, kept unless the lake is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.naming import Deployment
from infra.settings import Settings


def table(
    deployment: Deployment,
    settings: Settings,
    name: str,
    keys: Sequence[str],
    component: str,
    opts: pulumi.ResourceOptions,
    others: Sequence[str] = (),
    indexes: Sequence[Any] = (),
) -> aws.dynamodb.Table:
    """`keys` are the hash key and, if there are two, the range key; all attributes hold text.

    `others` are attributes that only `indexes` have as keys.
    """
    return aws.dynamodb.Table(
        name,
        name=deployment.name(name),
        billing_mode="PAY_PER_REQUEST",
        hash_key=keys[0],
        range_key=keys[1] if len(keys) > 1 else None,
        attributes=[{"name": key, "type": "S"} for key in (*keys, *others)],
        global_secondary_indexes=list(indexes) or None,
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True},
        deletion_protection_enabled=not settings.lake.force_destroy,
        tags=deployment.tags(component),
        opts=opts,
    )
