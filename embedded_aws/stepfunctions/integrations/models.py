"""Operations of AWS services as botocore's models describe them, read once."""

from __future__ import annotations

import functools
from typing import Any

import botocore.session

from .naming import boto3_name


@functools.cache
def _session() -> Any:
    return botocore.session.get_session()


@functools.cache
def service_of(name: str) -> str:
    """The boto3 name of a service as AWS writes it in `aws-sdk:NAME:...`; raises ValueError."""
    found = boto3_name(name, _session().get_available_services())
    if found is None:
        raise ValueError(f"The service '{name}' is not an AWS SDK service.")
    return found


@functools.cache
def service_model(service: str) -> Any:
    """botocore's model of a boto3 service."""
    return _session().get_service_model(service)


@functools.cache
def operation_model(service: str, action: str) -> Any:
    """The operation of an action in camel case, such as `getObject`; raises ValueError."""
    model = service_model(service)
    for name in model.operation_names:
        if name[:1].lower() + name[1:] == action:
            return model.operation_model(name)
    raise ValueError(f"The action '{action}' does not exist in the service '{service}'.")
