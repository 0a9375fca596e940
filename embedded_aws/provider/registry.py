"""Resource types: which handler serves which, and why the others are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from embedded_aws.provider.aws.planned import Planned
from embedded_aws.provider.resource import Handler, ProvisioningError

_REFUSED = {
    "aws:s3/bucketV2:BucketV2": "it is deprecated: use aws.s3.Bucket",
    "aws:s3/bucketVersioningV2:BucketVersioningV2": "it is deprecated: use aws.s3.BucketVersioning",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": (
        "it is deprecated: use aws.s3.BucketLifecycleConfiguration"
    ),
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": (
        "it is deprecated: use aws.s3.BucketServerSideEncryptionConfiguration"
    ),
    "aws:iam/policyAttachment:PolicyAttachment": (
        "it takes the policy away from everybody else: use aws.iam.RolePolicyAttachment"
    ),
}


class Registry:
    """Handlers by type token, for example `aws:s3/bucket:Bucket`."""

    def __init__(self, handlers: list[Handler], planned: list[Planned]) -> None:
        self._handlers = {handler.schema.token: handler for handler in handlers}
        self._planned = {handler.schema.token: handler for handler in planned}

    def __iter__(self) -> Iterator[Handler]:
        return iter(self._handlers.values())

    def __contains__(self, token: str) -> bool:
        return token in self._handlers

    def not_here(self, tokens: Iterable[str]) -> list[str]:
        """A sentence for each of these types that is checked here but provisioned only on AWS."""
        found = sorted(self._planned.keys() & set(tokens))
        return [f"{token} is only for AWS: {self._planned[token].reason}" for token in found]

    def exceptions(self) -> Iterator[tuple[str, str, str]]:
        """Type, property and reason of everything that the data plane loses or cannot clear."""
        for handler in self:
            for path, known in handler.schema.walk():
                reason = known.unkept or known.uncleared
                if reason:
                    yield handler.schema.token, path, reason

    def handler(self, token: str) -> Handler:
        """Raises ProvisioningError with the reason for a type that has no handler."""
        if token in self._handlers:
            return self._handlers[token]
        if token in self._planned:
            return self._planned[token]
        if token in _REFUSED:
            raise ProvisioningError(f"{token} is not supported: {_REFUSED[token]}")
        near = get_close_matches(token, self._handlers, n=1)
        hint = f" (nearest: {near[0]})" if near else ""
        raise ProvisioningError(f"{token} has no handler in embedded_aws/provider/aws{hint}")
