"""EventBridge connections: EventBridge keeps their credentials in a secret of a fixed name."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from ..errors import StatesError
from .base import Call
from .sdk import Operation

TOKEN_TIME_LIMIT = 30.0  # seconds for the authorization endpoint


@dataclass
class Credentials:
    """What a connection adds to a request."""

    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)


def credentials_of(connection_arn: str, get_secret: Operation, call: Call) -> Credentials:
    """Blocking: the credentials of a connection, its secret read as the role.

    Raises StatesError States.Runtime for an ARN that names no connection, and the Secrets
    Manager's error where the role may not read the secret.
    """
    name = connection_arn.partition(":connection/")[2]
    if not name:
        raise StatesError(
            "States.Runtime", f"ConnectionArn is no ARN of a connection: '{connection_arn}'"
        )
    answer = get_secret.call({"SecretId": f"events!connection/{name}"}, call)
    secret: dict[str, Any] = json.loads(answer["SecretString"])
    found = Credentials()
    parameters = secret.get("invocation_http_parameters") or {}
    _add(found.headers, parameters.get("header_parameters"))
    _add(found.query, parameters.get("query_string_parameters"))
    _add(found.body, parameters.get("body_parameters"))
    found.headers.update(_authorization(secret))
    return found


def _add(target: dict[str, str], parameters: list[dict[str, Any]] | None) -> None:
    for parameter in parameters or ():
        target[str(parameter["key"])] = str(parameter["value"])


def _authorization(secret: dict[str, Any]) -> dict[str, str]:
    """The header of basic, API key or OAuth client credentials."""
    if "username" in secret:
        pair = f"{secret['username']}:{secret['password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    if "api_key_name" in secret:
        return {str(secret["api_key_name"]): str(secret["api_key_value"])}
    if "client_id" in secret:
        return {"Authorization": f"Bearer {_token(secret)}"}
    return {}


def _token(secret: dict[str, Any]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": secret["client_id"],
        "client_secret": secret["client_secret"],
    }
    _add(form, (secret.get("oauth_http_parameters") or {}).get("body_parameters"))
    request = urllib.request.Request(
        secret["authorization_endpoint"],
        urllib.parse.urlencode(form).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
        method=secret.get("http_method", "POST"),
    )
    try:
        with urllib.request.urlopen(request, timeout=TOKEN_TIME_LIMIT) as response:
            return str(json.loads(response.read())["access_token"])
    except (OSError, ValueError, KeyError) as error:
        raise StatesError(
            "States.Http.Authorization", f"The authorization endpoint gave no token: {error}"
        ) from None
