"""AWS's errors as diagnostics."""

from __future__ import annotations

import os

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from cli.errors import Diagnostic, ExitCode

_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "UnauthorizedOperation",
}
_ABSENT = {
    "NoSuchBucket",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
}
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def diagnose(error: Exception) -> Diagnostic:
    """A boto3 error as one sentence, its cause, and what to do."""
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, (EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError)):
        return Diagnostic(
            "AWS cannot be reached.",
            ExitCode.REFUSED,
            context=str(error),
            hint="dej status",
        )
    if isinstance(error, NoCredentialsError):
        return Diagnostic(
            "There are no AWS credentials.",
            ExitCode.REFUSED,
            note="dej uses the same profiles and variables as the AWS CLI",
            hint="aws configure" if not os.environ.get("AWS_PROFILE") else "aws sso login",
        )
    if isinstance(error, ParamValidationError):
        return Diagnostic(
            "The call to AWS is malformed.",
            context=" ".join(str(error).split()),
            note="this is a defect of dej",
        )
    assert isinstance(error, BotoCoreError)
    return Diagnostic("The AWS client failed.", ExitCode.REFUSED, context=str(error))


def _refusal(error: ClientError) -> Diagnostic:
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message") or code
    operation = error.operation_name
    if code in _DENIED:
        return Diagnostic(
            f"AWS denies {operation}.",
            ExitCode.REFUSED,
            context=message,
            note="the credentials in use lack this permission",
        )
    if code in _ABSENT:
        return Diagnostic(
            f"{operation} finds nothing there.",
            ExitCode.REFUSED,
            context=message,
            note="is the stack deployed? On the embedded AWS: dej apply",
        )
    if code in _BAD_CREDENTIALS:
        return Diagnostic(
            f"AWS does not accept the credentials for {operation}.",
            ExitCode.REFUSED,
            context=message,
        )
    return Diagnostic(f"AWS refuses {operation} with {code}.", ExitCode.REFUSED, context=message)
