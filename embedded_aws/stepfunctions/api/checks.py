"""What operations check alike: required fields, names, ARNs, JSON, pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

from ..errors import ApiError
from ..jsontext import PAYLOAD_LIMIT, loads, size_of_text

Request = dict[str, Any]

_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")
_ARN = re.compile(
    r"arn:aws[\w-]*:states:[\w-]+:\d{12}:"
    r"(?P<kind>stateMachine|execution|express|mapRun|activity):(?P<rest>.+)"
)


def validation(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def required(request: Request, *names: str) -> list[Any]:
    """The values of fields that must be given and not be empty."""
    for name in names:
        if request.get(name) in (None, ""):
            raise validation(f"1 validation error detected: '{name}' must not be null")
    return [request[name] for name in names]


def refuse(request: Request, *names: str) -> None:
    """Refuses fields of features that are not implemented, by name."""
    for name in names:
        if request.get(name):
            raise validation(f"'{name}' is not implemented by the embedded AWS: leave it out")


def name_of(request: Request) -> str:
    (name,) = required(request, "name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")
    return name


def arn_of(request: Request, field: str, *kinds: str) -> str:
    """An ARN whose resource type is one of `kinds`."""
    (arn,) = required(request, field)
    found = _ARN.fullmatch(str(arn))
    if found is None:
        raise ApiError("InvalidArn", f"Invalid Arn: '{arn}'")
    if found["kind"] not in kinds:
        raise ApiError(
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context:"
            f" {found['kind']}' (expected {' or '.join(kinds)})",
        )
    return str(arn)


def json_of(text: Any, code: str, what: str) -> Any:
    """Parsed JSON text of at most 262,144 bytes; otherwise the ApiError of this code."""
    if not isinstance(text, str):
        raise validation(f"{what} must be JSON text")
    if size_of_text(text) > PAYLOAD_LIMIT:
        raise validation(
            f"1 validation error detected: {what} is longer than {PAYLOAD_LIMIT} bytes"
        )
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        raise ApiError(code, f"Invalid {what}: '{error}'") from None


def page(request: Request, keys: Sequence[Any], most: int) -> tuple[Sequence[Any], str | None]:
    """One page of a list that only grows at its end, and the token of the next page."""
    limit = request.get("maxResults") or (100 if most > 100 else most)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= most:
        raise validation(f"maxResults must be between 0 and {most}")
    start = 0
    token = request.get("nextToken")
    if token:
        try:
            start = int(base64.urlsafe_b64decode(str(token)).decode())
        except ValueError:
            raise ApiError("InvalidToken", f"Invalid Token: '{token}'") from None
    end = start + limit
    more = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(keys) else None
    return keys[start:end], more


def paged(name: str, shown: list[Any], more: str | None) -> dict[str, Any]:
    """A list answer with its token, where there is a next page."""
    return {name: shown} | ({} if more is None else {"nextToken": more})


def tags_of(request: Request) -> dict[str, str]:
    """[{key, value}] as a mapping; at most 50."""
    tags = {tag["key"]: tag.get("value", "") for tag in request.get("tags") or []}
    if len(tags) > 50:
        raise ApiError("TooManyTags", "Too many tags: 50 at most")
    return tags
