"""`http:invoke`: one request to an HTTPS API, with the credentials of an EventBridge connection."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from ..errors import StatesError
from .base import Call
from .connections import Credentials, credentials_of
from .failures import sdk_words
from .models import operation_model
from .sdk import Operation
from .shapes import as_text, is_expression

FIELDS = (
    "ApiEndpoint",
    "Authentication",
    "Headers",
    "InvocationConfig",
    "Method",
    "QueryParameters",
    "RequestBody",
    "Transform",
)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
TIME_LIMIT = 60.0  # seconds of one request, the service's own limit
BODY_LIMIT = 262_144  # bytes of an answer that are read


@dataclass(frozen=True)
class HttpInvoke:
    """Gives `{Headers, ResponseBody, StatusCode, StatusText}`; other than 2xx is an error."""

    get_secret: Operation
    resource_type: str = "http"
    resource: str = "invoke"
    pattern: str = "request"

    def check(self, arguments: Any) -> list[str]:
        if not isinstance(arguments, dict):
            return [] if is_expression(arguments) else ["Arguments must be an object"]
        found = [
            f"The field '{name}' is not supported by Step Functions"
            for name in arguments
            if name not in FIELDS
        ]
        found += [
            f"The field '{name}' is required but was missing"
            for name in ("ApiEndpoint", "Method")
            if name not in arguments
        ]
        if "Authentication" not in arguments and "InvocationConfig" not in arguments:
            found.append("The field 'Authentication' is required but was missing")
        method = arguments.get("Method", "GET")
        if not is_expression(method) and method not in METHODS:
            found.append(f"The field 'Method' must be one of {', '.join(METHODS)}")
        return found

    async def start(self, arguments: Any, call: Call) -> Any:
        return await call.run_blocking(lambda: self._run(arguments, call))

    async def wait(self, submitted: Any, call: Call) -> Any:
        return submitted

    def _run(self, arguments: Any, call: Call) -> dict[str, Any]:
        found = self.check(arguments)
        if found:
            raise StatesError(
                "States.Runtime",
                f"The Arguments could not be used to start the Task: [{', '.join(found)}]",
            )
        config = arguments.get("Authentication") or arguments["InvocationConfig"]
        credentials = credentials_of(str(config.get("ConnectionArn", "")), self.get_secret, call)
        answer = _send(_request(arguments, credentials, call.region))
        if not 200 <= answer["StatusCode"] < 300:
            name = f"States.Http.StatusCode.{answer['StatusCode']}"
            raise StatesError(name, json.dumps(answer, ensure_ascii=False))
        return answer


def _request(
    arguments: dict[str, Any], credentials: Credentials, region: str
) -> urllib.request.Request:
    query = {**arguments.get("QueryParameters", {}), **credentials.query}
    url = str(arguments["ApiEndpoint"])
    if query:
        separator = "&" if "?" in url else "?"
        url += separator + urllib.parse.urlencode(query, doseq=True)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}",
        "Range": f"bytes=0-{BODY_LIMIT}",
        **{name: _header(value) for name, value in arguments.get("Headers", {}).items()},
        **credentials.headers,
    }
    data = None
    body = _with_parameters(arguments.get("RequestBody"), credentials)
    if body is not None:
        transform = arguments.get("Transform") or {}
        data = _encoded(body, transform, headers).encode()
    try:
        return urllib.request.Request(url, data, headers, method=arguments["Method"])
    except ValueError as error:
        raise StatesError("States.Runtime", f"ApiEndpoint is no URL: {error}") from None


def _header(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _with_parameters(body: Any, credentials: Credentials) -> Any:
    """The connection adds its body parameters to a body that is an object, or to none."""
    if not credentials.body:
        return body
    return {**body, **credentials.body} if isinstance(body, dict) else body or credentials.body


def _encoded(body: Any, transform: dict[str, Any], headers: dict[str, str]) -> str:
    if transform.get("RequestBodyEncoding") != "URL_ENCODED":
        return as_text(body)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    options = transform.get("RequestEncodingOptions") or {}
    style = options.get("ArrayFormat", "INDICES")
    pairs = [pair for name, value in body.items() for pair in _form(name, value, style)]
    return urllib.parse.urlencode(pairs)


def _form(name: str, value: Any, style: str) -> list[tuple[str, str]]:
    """The form fields of a value; arrays in the given style."""
    if isinstance(value, dict):
        return [
            pair for key, item in value.items() for pair in _form(f"{name}[{key}]", item, style)
        ]
    if not isinstance(value, list):
        return [(name, as_text(value))]
    if style == "COMMAS":
        return [(name, ",".join(map(as_text, value)))]
    if style == "NONE":
        return [(name, as_text(value))]
    names = {"INDICES": "{0}[{1}]", "BRACKETS": "{0}[]", "REPEAT": "{0}"}[style]
    return [
        pair for at, item in enumerate(value) for pair in _form(names.format(name, at), item, style)
    ]


def _send(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=TIME_LIMIT) as response:
            return _answer(response, response.status, response.reason)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error, error.code, error.reason)
    except OSError as error:
        raise StatesError("States.Http.Socket", str(error)) from None


def _answer(response: Any, status: int, reason: Any) -> dict[str, Any]:
    text = response.read(BODY_LIMIT + 1).decode("utf-8", "replace")
    headers: dict[str, list[str]] = {}
    for name, value in response.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    body: Any = text
    if "json" in response.headers.get("content-type", ""):
        try:
            body = json.loads(text)
        except ValueError:
            body = text
    return {
        "Headers": headers,
        "ResponseBody": body,
        "StatusCode": status,
        "StatusText": str(reason),
    }


def http_invoke() -> HttpInvoke:
    """`http:invoke`."""
    model = operation_model("secretsmanager", "getSecretValue")
    return HttpInvoke(Operation("secretsmanager", model, sdk_words("secretsmanager")))
