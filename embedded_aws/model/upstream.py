"""Sends requests to an OpenAI-compatible server; its failures get Bedrock's names."""

from __future__ import annotations

import os
from typing import Any

import httpx

from embedded_aws.model.answers import Answer
from embedded_aws.model.envelopes import Request, as_openai, from_openai
from embedded_aws.model.errors import UpstreamError

KEY_VARIABLE = "MODEL_API_KEY"
"""Environment variable with the server's API key; without it no Authorization header is sent."""

_TIMEOUT_SECONDS = 300.0


class Upstream:
    """Blocking and thread safe, as the underlying client is."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS)

    def ask(self, model: str, request: Request) -> tuple[dict[str, Any], Answer]:
        """The server's reply body and the answer in it. Raises UpstreamError."""
        key = os.environ.get(KEY_VARIABLE)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            reply = self._client.post(self._url, json=as_openai(request, model), headers=headers)
        except httpx.TimeoutException as error:
            raise UpstreamError(
                "ModelTimeoutException", f"The model server did not answer in time: {error}."
            ) from error
        except httpx.HTTPError as error:
            raise UpstreamError(
                "ServiceUnavailableException", f"The model server cannot be reached: {error}."
            ) from error
        if reply.status_code != 200:
            raise UpstreamError(_error_name(reply.status_code), _message(reply))
        try:
            body: dict[str, Any] = reply.json()
            return body, from_openai(body)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise UpstreamError(
                "ModelErrorException", "The model server's reply holds no chat completion."
            ) from error


def _error_name(status: int) -> str:
    if status == 429:
        return "ThrottlingException"
    if status in {401, 403}:
        return "AccessDeniedException"
    if status in {408, 504}:
        return "ModelTimeoutException"
    return "ServiceUnavailableException" if status >= 500 else "ValidationException"


def _message(reply: httpx.Response) -> str:
    return f"The model server answered {reply.status_code}: {reply.text[:200]}"
