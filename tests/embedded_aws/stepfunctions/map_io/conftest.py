"""A call whose S3 is moto's, and a clock that is never needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from embedded_aws.stepfunctions.integrations import Call

BUCKET = "results"


@dataclass
class Store:
    """One bucket, and how often it was asked."""

    client: Any
    blocking: int = 0

    def put(self, key: str, body: bytes | str, bucket: str = BUCKET) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, key: str) -> str:
        body: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body.decode()

    def keys(self) -> list[str]:
        return [found["Key"] for found in self.client.list_objects_v2(Bucket=BUCKET)["Contents"]]

    async def _run(self, function: Callable[[], Any]) -> Any:
        self.blocking += 1
        return await asyncio.to_thread(function)

    def call(self) -> Call:
        return Call(
            role_arn="arn:aws:iam::123456789012:role/machine",
            region="us-east-1",
            account="123456789012",
            execution_arn="arn:aws:states:us-east-1:123456789012:execution:m:e",
            execution_name="e",
            clients=lambda role, service: self.client,
            run_blocking=self._run,
            sleep=asyncio.sleep,
        )


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def store(s3: Any) -> Store:
    """The bucket, empty."""
    for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=found["Key"])
    return Store(s3)
