"""boto3 clients for handlers, waiting, and the one table of "not found"."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider.resource import Place, ProvisioningError

T = TypeVar("T")

NOT_FOUND = frozenset(
    {
        "404",
        "DashboardNotFoundError",
        "EntityNotFoundException",
        "NotFound",
        "NotFoundException",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NoSuchKey",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "OwnershipControlsNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    }
)


@dataclass(frozen=True)
class Clients:
    """The services of one endpoint: `aws("s3").list_buckets()`."""

    endpoint: Endpoint

    def __call__(self, service: str) -> Any:
        return self.endpoint.client(service)

    @property
    def place(self) -> Place:
        return Place(self.endpoint.account, self.endpoint.region)


def is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in NOT_FOUND


def or_none(call: Callable[[], T]) -> T | None:
    """The answer of a read, None when the thing does not exist."""
    try:
        return call()
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def ignore_missing(call: Callable[[], object]) -> None:
    """A delete: what is gone already is fine."""
    or_none(call)


def wait_until(what: str, done: Callable[[], bool], seconds: float = 30.0) -> None:
    """Polls; raises ProvisioningError naming `what` after the time has passed."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while not done():
        if time.monotonic() > deadline:
            raise ProvisioningError(f"{what} did not happen within {seconds:g} seconds")
        time.sleep(pause)
        pause = min(pause * 2, 0.1)
