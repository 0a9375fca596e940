"""Secrets stay out of messages and stack outputs; `state.py` keeps them out of the state."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from embedded_aws.provider.resource import ProvisioningError, Values

HIDDEN = "[secret]"
FAILURES = (BotoCoreError, ClientError, OSError, ProvisioningError)  # what handlers raise
_SHORTEST = 4


def texts(secret: Any) -> set[str]:
    """The texts of a secret value; very short ones cannot be told from ordinary words."""
    return {text for text in _strings(secret) if len(text) >= _SHORTEST}


def names_holding(values: Values, hidden: Collection[str]) -> frozenset[str]:
    """Properties that show one of the hidden texts."""
    return frozenset(
        name
        for name, value in values.items()
        if any(text in shown for shown in _strings(value) for text in hidden)
    )


def withheld(error: Exception, secret: Collection[str], hidden: Collection[str]) -> str:
    """An error about a resource with secret inputs: services and boto3 may quote parts of them."""
    reason = f"details are withheld, because {', '.join(secret)} is secret"
    if isinstance(error, ClientError):
        return (
            f"{error.operation_name} is refused with {error.response['Error']['Code']} ({reason})"
        )
    if isinstance(error, ProvisioningError):
        message = str(error)
        for text in sorted(hidden, key=len, reverse=True):
            message = message.replace(text, HIDDEN)
        return message
    return f"{type(error).__name__} ({reason})"


def told(
    error: Exception, endpoint_url: str, secret: Collection[str], hidden: Collection[str]
) -> str:
    """The message of a failure, without secrets; `secret` are the names of secret inputs."""
    if isinstance(error, EndpointConnectionError):
        return f"no embedded AWS answers at {endpoint_url}: start it with `dej up`"
    return withheld(error, sorted(secret), hidden) if secret else str(error)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool | int | float):
        yield str(value)
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)
