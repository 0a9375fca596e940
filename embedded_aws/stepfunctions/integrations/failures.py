"""Errors of boto3 as the errors that Retry and Catch see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from ..errors import StatesError
from .models import service_model
from .naming import error_name, service_prefix


@dataclass(frozen=True)
class Words:
    """How an integration names the errors of its service.

    prefix   first part of the error name
    unknown  name of errors that the service's model does not have
    service  the service inside the cause
    legacy   causes in the words of the first Java SDK, as optimized integrations have them
    """

    prefix: str
    unknown: str
    service: str
    legacy: bool = False


def sdk_words(service: str) -> Words:
    """The words of `aws-sdk:` integrations, derived from the service id."""
    prefix = service_prefix(service_model(service).metadata["serviceId"])
    return Words(prefix, f"{prefix}Exception", prefix)


def translate(error: Exception, operation: Any, words: Words) -> Exception:
    """The StatesError of what boto3 raised; anything else is returned as it is."""
    if isinstance(error, ClientError):
        return _service_error(error, operation, words)
    if isinstance(error, ParamValidationError):
        return StatesError("States.Runtime", str(error).replace("\n", " "))
    if isinstance(error, BotoCoreError):
        return StatesError(f"{words.prefix}.SdkClientException", str(error))
    return error


def _service_error(error: ClientError, operation: Any, words: Words) -> StatesError:
    details = error.response.get("Error", {})
    code = str(details.get("Code", ""))
    # services that left the query protocol still answer with the code they had there
    name = _modelled(str(details.get("QueryErrorCode", code)), operation) or words.unknown
    return StatesError(f"{words.prefix}.{name}", _cause(error, code, words))


def _modelled(code: str, operation: Any) -> str | None:
    """The exception of an error code if the service's model has it."""
    if code == "404":  # HEAD requests have no body that could name the error
        return _NOT_FOUND.get(operation.name)
    own = {shape.name for shape in operation.error_shapes}
    if code == "AccessDenied" and code not in own:
        return None  # S3 has it for one operation only
    shape = operation.service_model.shape_for_error_code(code)
    return None if shape is None else error_name(shape.name)


_NOT_FOUND = {"HeadBucket": "NoSuchBucketException", "HeadObject": "NoSuchKeyException"}


def _cause(error: ClientError, code: str, words: Words) -> str:
    metadata = error.response.get("ResponseMetadata", {})
    message = error.response.get("Error", {}).get("Message", "")
    status = metadata.get("HTTPStatusCode", 400)
    request = metadata.get("RequestId", "")
    if words.legacy:
        details = (
            f"(Service: {words.service}; Status Code: {status}; Error Code: {code};"
            f" Request ID: {request}; Proxy: null)"
        )
    else:
        details = f"(Service: {words.service}, Status Code: {status}, Request ID: {request})"
    return f"{message} {details}" if message else details
