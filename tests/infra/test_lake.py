"""Buckets: closed, encrypted, owned, cleaned."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.lint.program import Stack

BUCKETS = ["bronze", "silver", "artifacts"]
Inputs = Callable[[str, str], Mapping[str, Any]]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_public_access_is_blocked(stack: Stack, bucket: str) -> None:
    block = stack.inputs("BucketPublicAccessBlock", bucket)

    assert block == {
        "bucket": f"data-engineer-jobs-{stack.name}-{bucket}",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_requests_without_tls_are_denied(stack: Stack, bucket: str) -> None:
    policy = json.loads(stack.inputs("BucketPolicy", bucket)["policy"])
    arn = f"arn:aws:s3:::data-engineer-jobs-{stack.name}-{bucket}"

    assert policy["Statement"] == [
        {
            "Sid": "DenyPlainText",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_objects_are_encrypted_and_owned_by_the_account(inputs: Inputs, bucket: str) -> None:
    encryption = inputs("BucketServerSideEncryptionConfiguration", bucket)
    ownership = inputs("BucketOwnershipControls", bucket)

    assert encryption["rules"] == [
        {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    ]
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_interrupted_uploads_are_removed(inputs: Inputs, bucket: str) -> None:
    rules = inputs("BucketLifecycleConfiguration", bucket)["rules"]

    assert {
        "id": "abort-incomplete-uploads",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    } in rules


def test_work_files_expire_and_nothing_else_does(inputs: Inputs) -> None:
    rules = {
        (bucket, rule["filter"]["prefix"]): rule["expiration"]["days"]
        for bucket in BUCKETS
        for rule in inputs("BucketLifecycleConfiguration", bucket)["rules"]
        if "days" in rule.get("expiration", {})
    }

    assert rules == {("artifacts", "work/"): 15}


@pytest.mark.parametrize("bucket", ["bronze", "silver"])
def test_data_can_be_restored_for_thirty_days(inputs: Inputs, bucket: str) -> None:
    rules = inputs("BucketLifecycleConfiguration", bucket)["rules"]

    assert inputs("BucketVersioning", bucket)["versioningConfiguration"] == {"status": "Enabled"}
    assert {
        "id": "expire-noncurrent-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 30},
        "expiration": {"expiredObjectDeleteMarker": True},
    } in rules


@pytest.mark.parametrize("bucket", BUCKETS)
def test_only_disposable_stacks_empty_their_buckets(stack: Stack, bucket: str) -> None:
    destroyed = stack.inputs("Bucket", bucket)["forceDestroy"]

    assert destroyed == (stack.name in ("local", "dev"))


@pytest.mark.parametrize("bucket", BUCKETS)
def test_the_policy_waits_for_the_public_access_block(dev: Stack, bucket: str) -> None:
    policy = next(
        r for r in dev.resources.of_type("aws:s3/bucketPolicy:BucketPolicy") if r.name == bucket
    )
    blocks = dev.resources.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    block = next(r for r in blocks if r.name == bucket)

    assert block.urn in policy.dependencies
