"""What is known of a posting: a version per content hash, its passes, and what happens next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.enrichment.passes import STATUS_TABLE
from cli.enrichment.posting_file import NO_PARTITION
from cli.stack import Stack

_NOT_DISCOVERED = "discovery does not see a posting of no partition: `dej enrich FILE` tries again"


@dataclass(frozen=True)
class Version:
    """One text of a posting. `item` is its status item as plain values."""

    item: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.item["pk"]).removeprefix("posting#")

    @property
    def content_hash(self) -> str:
        return str(self.item["sk"])

    @property
    def status(self) -> str:
        return str(self.item.get("overallStatus", "unknown"))

    @property
    def passes(self) -> dict[str, dict[str, Any]]:
        """Per pass status, outcome, model, tokens, cost, attempts, cached, error, Bronze key."""
        found: dict[str, dict[str, Any]] = self.item.get("passes", {})
        return dict(sorted(found.items()))

    @property
    def last_error(self) -> str | None:
        """The error of the pass that failed last."""
        failed = [found for found in self.passes.values() if found.get("error")]
        newest = max(failed, key=lambda found: str(found.get("at", "")), default=None)
        return str(newest["error"]) if newest else None

    @property
    def executions(self) -> list[str]:
        """Who holds it now, and the runs that made its passes."""
        named = [self.item.get("owner"), self.item.get("run")]
        named += [found.get("run") for found in self.passes.values()]
        return list(dict.fromkeys(str(name) for name in named if name))


def read_versions(stack: Stack, id: str) -> list[Version]:
    """All versions of a posting, the one changed last first; none if it was never taken up."""
    items = stack.query(
        STATUS_TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"posting#{id}"}},
        ConsistentRead=True,
    )
    versions = [Version(item) for item in items]
    return sorted(versions, key=lambda found: str(found.item.get("updatedAt", "")), reverse=True)


def read_version(stack: Stack, id: str, content_hash: str) -> Version | None:
    """One version, None if there is none."""
    versions = read_versions(stack, id)
    return next((found for found in versions if found.content_hash == content_hash), None)


def bronze_keys(stack: Stack, id: str) -> Iterator[str]:
    """Everything that Bronze has of a posting, all versions together."""
    prefix = f"{stack.settings.lake.bronze_prefix}{id}/"
    pages = stack.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=stack.thing("bronze"), Prefix=prefix):
        for entry in page.get("Contents", ()):
            yield entry["Key"]


def read_bronze(stack: Stack, key: str) -> dict[str, Any]:
    """The result object of a pass: metadata, result, context."""
    body = stack.client("s3").get_object(Bucket=stack.thing("bronze"), Key=key)["Body"]
    document: dict[str, Any] = json.loads(body.read())
    return document


def next_action(stack: Stack, version: Version) -> str:
    """What happens next, or what somebody has to do."""
    item = version.item
    homeless = item.get("partition") == NO_PARTITION
    if version.status == "COMPLETED":
        if homeless:
            return "nothing: it is of no partition, its results are in Bronze alone"
        return "nothing: its partition has it, or will with its next assembly"
    if version.status == "PENDING" and "queued_at" in item:
        return f"it waits in the queue since {item['queued_at']}"
    if version.status == "IN_PROGRESS":
        return _of_owner(stack, str(item.get("owner", "")))
    if version.status == "FAILED":
        tried, limit = item.get("retryCount", 0), stack.settings.enrichment.max_job_retries
        who = _NOT_DISCOVERED if homeless else "the next discovery tries again"
        return f"{who} ({tried} of {limit} runs failed)"
    if version.status == "PERMANENTLY_FAILED":
        return f"nobody tries again: change prompt or model, or `dej dlq redrive --id {version.id}`"
    return _NOT_DISCOVERED if homeless else "the next discovery takes it up"


def _of_owner(stack: Stack, owner: str) -> str:
    try:
        run = stack.client("stepfunctions").describe_execution(executionArn=owner)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ExecutionDoesNotExist", "InvalidArn"):
            raise
        return "its execution is gone: the sweep frees it within 15 minutes"
    if run["status"] == "RUNNING":
        return "wait: its execution runs"
    return f"its execution ended {run['status']}: the sweep frees it within 15 minutes"
