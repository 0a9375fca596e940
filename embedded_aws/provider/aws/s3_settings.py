"""Settings of S3 buckets, each a resource of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from embedded_aws.provider.aws.s3_bucket import BUCKET
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    Fields,
    block,
    block_set,
    blocks,
    boolean,
    from_boto,
    instant,
    integer,
    policy,
    string,
    to_boto,
)
from embedded_aws.provider.resource import Handler, Values
from embedded_aws.provider.schema import schema


class BucketSetting(Handler):
    """A part of a bucket that has put, get and delete operations; its id is the bucket's name."""

    def put(self, s3: Any, inputs: Values) -> None:
        raise NotImplementedError

    def get(self, s3: Any, bucket: str) -> Values | None:
        raise NotImplementedError

    def remove(self, s3: Any, bucket: str) -> None:
        raise NotImplementedError

    def create(self, aws: Clients, inputs: Values) -> str:
        self.put(aws("s3"), inputs)
        return str(inputs["bucket"])

    def read(self, aws: Clients, id: str) -> Values | None:
        found = or_none(lambda: self.get(aws("s3"), id))
        return None if found is None else {"bucket": id, **found}

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.put(aws("s3"), new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: self.remove(aws("s3"), id))


class BucketPublicAccessBlock(BucketSetting):
    flags: ClassVar[Fields] = {
        "blockPublicAcls": boolean(default=False),
        "blockPublicPolicy": boolean(default=False),
        "ignorePublicAcls": boolean(default=False),
        "restrictPublicBuckets": boolean(default=False),
    }
    schema = schema(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "{bucket}",
        {"bucket": BUCKET, **flags},
        unsupported="skipDestroy",
        setting=True,
    )

    def put(self, s3: Any, inputs: Values) -> None:
        s3.put_public_access_block(
            Bucket=inputs["bucket"],
            PublicAccessBlockConfiguration=to_boto(self.flags, inputs),
        )

    def get(self, s3: Any, bucket: str) -> Values | None:
        found = s3.get_public_access_block(Bucket=bucket)
        return from_boto(self.flags, found["PublicAccessBlockConfiguration"])

    def remove(self, s3: Any, bucket: str) -> None:
        s3.delete_public_access_block(Bucket=bucket)


class BucketServerSideEncryptionConfiguration(BucketSetting):
    rule: ClassVar[Fields] = {
        "applyServerSideEncryptionByDefault": block(
            {
                "sseAlgorithm": string(
                    required=True,
                    boto="SSEAlgorithm",
                    choices=("AES256", "aws:kms", "aws:kms:dsse"),
                ),
                "kmsMasterKeyId": string(boto="KMSMasterKeyID"),
            }
        ),
        "bucketKeyEnabled": boolean(default=False),
    }
    schema = schema(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "{bucket}",
        {"bucket": BUCKET, "rules": block_set(rule, required=True)},
        unsupported="expectedBucketOwner",
        setting=True,
    )

    def put(self, s3: Any, inputs: Values) -> None:
        rules = [to_boto(self.rule, rule) for rule in inputs["rules"]]
        s3.put_bucket_encryption(
            Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
        )

    def get(self, s3: Any, bucket: str) -> Values | None:
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        return {"rules": [from_boto(self.rule, rule) for rule in found["Rules"]]}

    def remove(self, s3: Any, bucket: str) -> None:
        s3.delete_bucket_encryption(Bucket=bucket)


class BucketVersioning(BucketSetting):
    schema = schema(
        "aws:s3/bucketVersioning:BucketVersioning",
        "{bucket}",
        {
            "bucket": BUCKET,
            "versioningConfiguration": block(
                {"status": string(required=True, choices=("Enabled", "Suspended"))},
                required=True,
            ),
        },
        unsupported="expectedBucketOwner mfa",
        setting=True,
    )

    def put(self, s3: Any, inputs: Values) -> None:
        status = inputs["versioningConfiguration"]["status"]
        s3.put_bucket_versioning(
            Bucket=inputs["bucket"], VersioningConfiguration={"Status": status}
        )

    def get(self, s3: Any, bucket: str) -> Values | None:
        status = s3.get_bucket_versioning(Bucket=bucket).get("Status")
        return {"versioningConfiguration": {"status": status}} if status else None

    def remove(self, s3: Any, bucket: str) -> None:
        # S3 cannot take versioning away from a bucket again, only stop making new versions
        self.put(s3, {"bucket": bucket, "versioningConfiguration": {"status": "Suspended"}})


class BucketLifecycleConfiguration(BucketSetting):
    bounds: ClassVar[Fields] = {
        "prefix": string(),
        "objectSizeGreaterThan": integer(0),
        "objectSizeLessThan": integer(1),
    }
    rule: ClassVar[Fields] = {
        "id": string(required=True, boto="ID"),
        "status": string(required=True, choices=("Enabled", "Disabled")),
        "filter": block(
            {**bounds, "tag": block({"key": string(required=True), "value": string(required=True)})}
        ),
        "abortIncompleteMultipartUpload": block({"daysAfterInitiation": integer(1)}),
        "expiration": block(
            {"days": integer(1), "date": instant(), "expiredObjectDeleteMarker": boolean()}
        ),
        "transitions": blocks(
            {"days": integer(0), "date": instant(), "storageClass": string(required=True)}
        ),
        "noncurrentVersionExpiration": block(
            {"noncurrentDays": integer(1, required=True), "newerNoncurrentVersions": integer(1)}
        ),
        "noncurrentVersionTransitions": blocks(
            {
                "noncurrentDays": integer(1, required=True),
                "newerNoncurrentVersions": integer(1),
                "storageClass": string(required=True),
            }
        ),
    }
    schema = schema(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "{bucket}",
        {"bucket": BUCKET, "rules": block_set(rule, required=True)},
        unsupported="expectedBucketOwner timeouts transitionDefaultMinimumObjectSize",
        setting=True,
    )

    def put(self, s3: Any, inputs: Values) -> None:
        rules = [to_boto(self.rule, rule) for rule in inputs["rules"]]
        for rule in rules:
            rule.setdefault("Filter", {"Prefix": ""})
        s3.put_bucket_lifecycle_configuration(
            Bucket=inputs["bucket"], LifecycleConfiguration={"Rules": rules}
        )

    def get(self, s3: Any, bucket: str) -> Values | None:
        found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
        return {"rules": [from_boto(self.rule, rule) for rule in found["Rules"]]}

    def remove(self, s3: Any, bucket: str) -> None:
        s3.delete_bucket_lifecycle(Bucket=bucket)


class BucketPolicy(BucketSetting):
    schema = schema(
        "aws:s3/bucketPolicy:BucketPolicy",
        "{bucket}",
        {"bucket": BUCKET, "policy": policy(required=True)},
    )

    def put(self, s3: Any, inputs: Values) -> None:
        s3.put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])

    def get(self, s3: Any, bucket: str) -> Values | None:
        return {"policy": s3.get_bucket_policy(Bucket=bucket)["Policy"]}

    def remove(self, s3: Any, bucket: str) -> None:
        s3.delete_bucket_policy(Bucket=bucket)


class BucketOwnershipControls(BucketSetting):
    rule: ClassVar[Fields] = {
        "objectOwnership": string(
            required=True,
            choices=("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"),
        )
    }
    schema = schema(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "{bucket}",
        {"bucket": BUCKET, "rule": block(rule, required=True)},
        setting=True,
    )

    def put(self, s3: Any, inputs: Values) -> None:
        s3.put_bucket_ownership_controls(
            Bucket=inputs["bucket"],
            OwnershipControls={"Rules": [to_boto(self.rule, inputs["rule"])]},
        )

    def get(self, s3: Any, bucket: str) -> Values | None:
        found = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        return {"rule": from_boto(self.rule, found[0])} if found else None

    def remove(self, s3: Any, bucket: str) -> None:
        s3.delete_bucket_ownership_controls(Bucket=bucket)


class BucketNotification(BucketSetting):
    """Only EventBridge: the other targets are EventBridge rules here."""

    schema = schema(
        "aws:s3/bucketNotification:BucketNotification",
        "{bucket}",
        {"bucket": BUCKET, "eventbridge": boolean(default=False)},
        unsupported="lambdaFunctions queues topics",
        setting=True,
    )

    def put(self, s3: Any, inputs: Values) -> None:
        configuration: Values = {"EventBridgeConfiguration": {}} if inputs["eventbridge"] else {}
        s3.put_bucket_notification_configuration(
            Bucket=inputs["bucket"], NotificationConfiguration=configuration
        )

    def get(self, s3: Any, bucket: str) -> Values | None:
        found = s3.get_bucket_notification_configuration(Bucket=bucket)
        return {"eventbridge": "EventBridgeConfiguration" in found}

    def remove(self, s3: Any, bucket: str) -> None:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
