"""The lake: Bronze (model answers), Silver (postings), artifacts (configuration, work, code)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Deployment
from infra.policies import policy
from infra.settings import LakeSettings

COMPONENT = "lake"
WORK_PREFIX = "work/"
PASSES_PREFIX = "config/passes/"
INCOMPLETE_UPLOAD_DAYS = 7

Rule = aws.s3.BucketLifecycleConfigurationRuleArgsDict


@dataclass(frozen=True)
class BucketPlan:
    """What one bucket is. `versioned` keeps what is overwritten or deleted.

    Without `policy` whoever asks for the bucket writes its policy, with `tls_only` in it.
    """

    thing: str
    rules: Sequence[Rule]
    versioned: bool
    policy: bool = True


class Bucket(pulumi.ComponentResource):
    """A private bucket: encrypted, TLS only, owned by the account, cleaned by its rules.

    `name` and `arn` are known once the bucket is closed to the public.
    """

    def __init__(
        self,
        plan: BucketPlan,
        deployment: Deployment,
        force_destroy: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        thing = plan.thing
        super().__init__("data-engineer-jobs:lake:Bucket", thing, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            thing,
            bucket=deployment.name(thing),
            force_destroy=force_destroy,
            tags=deployment.tags(COMPONENT),
            opts=child,
        )
        closed = _close(thing, bucket, child, plan.policy)
        versions = [_versioning(thing, bucket, child)] if plan.versioned else []
        aws.s3.BucketLifecycleConfiguration(
            thing,
            bucket=bucket.bucket,
            rules=[_abort_uploads(), *plan.rules],
            # Rules for old versions make sense only once there are versions.
            opts=pulumi.ResourceOptions(parent=self, depends_on=versions),
        )
        self.name = pulumi.Output.all(bucket.bucket, closed.bucket).apply(lambda names: names[0])
        self.arn = bucket.arn
        self.domain = bucket.bucket_regional_domain_name
        self.register_outputs({"name": self.name, "arn": self.arn})


class Lake(pulumi.ComponentResource):
    """The three buckets of a stack, as `bronze`, `silver` and `artifacts`."""

    def __init__(self, deployment: Deployment, settings: LakeSettings) -> None:
        super().__init__("data-engineer-jobs:lake:Lake", "lake")
        keep = _expire_noncurrent(settings.noncurrent_retention_days)
        work = _expire(WORK_PREFIX, settings.work_retention_days)
        # Bronze is paid for, Silver is overwritten in place: versions undo a mistake. What lies in
        # artifacts is named by its content or expires.
        self.bronze, self.silver, self.artifacts = (
            Bucket(plan, deployment, settings.force_destroy, pulumi.ResourceOptions(parent=self))
            for plan in (
                BucketPlan("bronze", [keep], versioned=True),
                BucketPlan("silver", [keep], versioned=True),
                BucketPlan("artifacts", [work], versioned=False),
            )
        )
        self.register_outputs({})


def _versioning(
    thing: str, bucket: aws.s3.Bucket, child: pulumi.ResourceOptions
) -> aws.s3.BucketVersioning:
    return aws.s3.BucketVersioning(
        thing,
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=child,
    )


def _close(
    thing: str, bucket: aws.s3.Bucket, child: pulumi.ResourceOptions, with_policy: bool
) -> aws.s3.BucketPublicAccessBlock:
    """Encryption, ownership, TLS; the public access block, on which the policy must wait."""
    aws.s3.BucketServerSideEncryptionConfiguration(
        thing,
        bucket=bucket.bucket,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=child,
    )
    aws.s3.BucketOwnershipControls(
        thing,
        bucket=bucket.bucket,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=child,
    )
    block = aws.s3.BucketPublicAccessBlock(
        thing,
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=child,
    )
    if with_policy:
        aws.s3.BucketPolicy(
            thing,
            bucket=bucket.bucket,
            policy=policy([tls_only(bucket.arn)]),
            # S3 refuses concurrent changes of a bucket's policy and its public access block.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[block])),
        )
    return block


def tls_only(bucket_arn: pulumi.Input[str]) -> dict[str, object]:
    """The statement that denies every request that is not encrypted in transit."""
    return {
        "Sid": "DenyPlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _abort_uploads() -> Rule:
    return {
        "id": "abort-incomplete-uploads",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": INCOMPLETE_UPLOAD_DAYS},
    }


def _expire(prefix: str, days: int) -> Rule:
    return {
        "id": f"expire-{prefix.strip('/')}",
        "status": "Enabled",
        "filter": {"prefix": prefix},
        "expiration": {"days": days},
    }


def _expire_noncurrent(days: int) -> Rule:
    return {
        "id": "expire-noncurrent-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": days},
        "expiration": {"expired_object_delete_marker": True},
    }
