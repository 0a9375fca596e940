"""S3 buckets."""

from __future__ import annotations

from typing import Any

from embedded_aws.provider.aws.tags import tag_list, tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    boolean,
    output,
    physical_name,
)
from embedded_aws.provider.resource import Handler, ProvisioningError, Values, completing
from embedded_aws.provider.schema import schema

BUCKET = physical_name(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Bucket(Handler):
    schema = schema(
        "aws:s3/bucket:Bucket",
        "{bucket}",
        {
            "bucket": BUCKET,
            "forceDestroy": boolean(default=False, write_only=True),
            **TAGS,
            "arn": output("arn:{partition}:s3:::{bucket}"),
            "bucketDomainName": output("{bucket}.s3.amazonaws.com"),
            "bucketRegion": output("{region}"),
            "bucketRegionalDomainName": output("{bucket}.s3.{region}.amazonaws.com"),
        },
        unsupported="""accelerationStatus acl bucketNamespace bucketPrefix corsRules grants
            hostedZoneId lifecycleRules logging objectLockConfiguration objectLockEnabled policy
            replicationConfiguration requestPayer serverSideEncryptionConfiguration versioning
            website websiteDomain websiteEndpoint""",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        name: str = inputs["bucket"]
        elsewhere = aws.place.region != "us-east-1"
        location = {"LocationConstraint": aws.place.region}
        options = {"CreateBucketConfiguration": location} if elsewhere else {}
        aws("s3").create_bucket(Bucket=name, **options)
        with completing(name):
            self.update(aws, name, {}, inputs)
        return name

    def read(self, aws: Clients, id: str) -> Values | None:
        s3 = aws("s3")
        if or_none(lambda: s3.head_bucket(Bucket=id)) is None:
            return None
        tagging = or_none(lambda: s3.get_bucket_tagging(Bucket=id)) or {}
        _, named = self.schema.placeholders({"bucket": id}, aws.place, id)
        return {**named, **tag_values(tag_map(tagging.get("TagSet")))}

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        tags = new.get("tags") or {}
        if tags:
            aws("s3").put_bucket_tagging(Bucket=id, Tagging={"TagSet": tag_list(tags)})
        elif old.get("tags"):
            aws("s3").delete_bucket_tagging(Bucket=id)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        s3 = aws("s3")
        if or_none(lambda: s3.head_bucket(Bucket=id)) is None:
            return
        found = s3.list_object_versions(Bucket=id, MaxKeys=1)
        if found.get("Versions") or found.get("DeleteMarkers"):
            if not inputs.get("forceDestroy"):
                raise ProvisioningError(
                    f"bucket {id} is not empty: empty it, or set forceDestroy and apply first"
                )
            _empty(s3, id)
        ignore_missing(lambda: s3.delete_bucket(Bucket=id))


def _empty(s3: Any, bucket: str) -> None:
    """Deletes every version and delete marker, a page of at most 1,000 per call."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        keys = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
