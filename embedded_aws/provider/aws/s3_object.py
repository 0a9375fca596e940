"""S3 objects: files and texts that the program uploads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from embedded_aws.provider.assets import Content, Digest
from embedded_aws.provider.aws.s3_bucket import BUCKET
from embedded_aws.provider.aws.tags import tag_map, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    boolean,
    content,
    from_boto,
    output,
    string,
    string_map,
    to_boto,
)
from embedded_aws.provider.resource import (
    Checked,
    CheckFailure,
    Diff,
    Handler,
    Place,
    PropertyChange,
    Values,
)
from embedded_aws.provider.schema import Schema, schema

_HEADERS: Fields = {
    "contentType": string(default="application/octet-stream"),
    "contentEncoding": string(),
    "cacheControl": string(),
    "metadata": string_map(),
    "serverSideEncryption": string(computed=True, choices=("AES256", "aws:kms")),
    "kmsKeyId": string(computed=True, boto="SSEKMSKeyId"),
}
_FIELDS: Fields = {
    "bucket": BUCKET,
    "key": string(required=True, create_only=True),
    "content": string(write_only=True),
    "source": content(write_only=True),
    "sourceHash": string(write_only=True),
    "forceDestroy": boolean(default=False, write_only=True),
    **_HEADERS,
    **TAGS,
    "arn": output("arn:{partition}:s3:::{bucket}/{key}"),
    "etag": output("{uuid}"),
    "versionId": output("null"),
}
_UNSUPPORTED = """acl bucketKeyEnabled contentBase64 contentDisposition contentLanguage
    objectLockLegalHoldStatus objectLockMode objectLockRetainUntilDate storageClass
    websiteRedirect"""


class BucketObjectv2(Handler):
    """As in S3, creating an object overwrites one of that key, for example a retained one."""

    schema = schema(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "{bucket}/{key}",
        _FIELDS,
        unsupported=_UNSUPPORTED
        + """ checksumAlgorithm checksumCrc32 checksumCrc32c checksumCrc64nvme checksumSha1
            checksumSha256 overrideProvider""",
        setting=True,
    )

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        """Beyond the schema: an object has exactly one origin."""
        checked = super().check(inputs, place)
        if ("content" in checked.inputs) == ("source" in checked.inputs):
            checked.failures.append(CheckFailure("source", "or content is required, one of them"))
        return checked

    def drift(self, live: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        """The body cannot be read as an input; its MD5 can, as the ETag of a single upload.

        A source of which only the digest is known was uploaded before, with the ETag in `new`.
        """
        found = super().drift(live, new)
        uploaded = isinstance(new.get("source"), Digest)
        expected = new.get("etag") if uploaded else hashlib.md5(_body(new)).hexdigest()
        if live.get("etag") == expected:
            return found
        name = "source" if "source" in new else "content"
        return Diff((*found.changes, PropertyChange(name, replaces=False)))

    def create(self, aws: Clients, inputs: Values) -> str:
        tags = urlencode(inputs.get("tags") or {})
        aws("s3").put_object(
            Bucket=inputs["bucket"],
            Key=inputs["key"],
            Body=_body(inputs),
            **to_boto(_HEADERS, inputs),
            **({"Tagging": tags} if tags else {}),
        )
        return f"{inputs['bucket']}/{inputs['key']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        bucket, key = id.split("/", 1)
        s3 = aws("s3")
        found = or_none(lambda: s3.head_object(Bucket=bucket, Key=key))
        if found is None:
            return None
        tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return {
            "bucket": bucket,
            "key": key,
            **from_boto(_HEADERS, found),
            **tag_values(tag_map(tags)),
            "arn": f"arn:{aws.place.partition}:s3:::{id}",
            "etag": found["ETag"].strip('"'),
            "versionId": found.get("VersionId", "null"),
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        bucket, key = id.split("/", 1)
        s3 = aws("s3")
        found = or_none(lambda: s3.list_object_versions(Bucket=bucket, Prefix=key)) or {}
        for entry in found.get("Versions", []) + found.get("DeleteMarkers", []):
            if entry["Key"] == key:
                _delete_version(s3, bucket, key, entry["VersionId"])


class BucketObject(BucketObjectv2):
    """The older type of the same thing."""

    schema: Schema = schema(
        "aws:s3/bucketObject:BucketObject",
        "{bucket}/{key}",
        _FIELDS,
        unsupported=_UNSUPPORTED,
        setting=True,
        same_names_as=BucketObjectv2.schema.token,
    )


def _delete_version(s3: Any, bucket: str, key: str, version: str) -> None:
    ignore_missing(lambda: s3.delete_object(Bucket=bucket, Key=key, VersionId=version))


def _body(inputs: Mapping[str, Any]) -> bytes:
    source = inputs.get("source")
    if isinstance(source, Content):
        return source.data
    return str(inputs.get("content", "")).encode()
