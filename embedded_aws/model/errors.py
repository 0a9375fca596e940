"""Errors of InvokeModel: their HTTP status, and what stands for those of a server behind it."""

from __future__ import annotations

STATUS = {
    "AccessDeniedException": 403,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "ValidationException": 400,
}
"""HTTP status of each error that InvokeModel knows."""


class UpstreamError(Exception):
    """The server gave no answer; `name` is the Bedrock error that says so."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
