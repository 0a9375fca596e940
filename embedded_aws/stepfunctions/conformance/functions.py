"""The Lambda functions of a case by what the recording says of their behaviour.

Most calls are replayed. What a history does not show, such as a call in a child of a Distributed
Map, is worked out here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

SLEEP_SECONDS = 60.0
LARGE_BYTES = 257 * 1024
_ERROR = re.compile(r"errorType (?P<type>[\w.]+), errorMessage '(?P<message>.*)'")
_CONSTANT = re.compile(r"returns (?:the JSON text )?(?P<json>.+?)(?: \(.*| whatever.*)?$")


@dataclass(frozen=True)
class Answer:
    """What a function does: a value or an error `(type, payload)`, after some seconds."""

    value: Any = None
    error: tuple[str, str] | None = None
    seconds: float = 0.0


def behaviour_of(case: dict[str, Any], resource: str, arguments: Any) -> dict[str, Any] | None:
    """The function of the case that a call names, None where it names none of them."""
    named = arguments.get("FunctionName", "") if isinstance(arguments, dict) else ""
    for function in case.get("lambdas") or []:
        name = function["function"]
        if str(named).endswith(name) or resource.endswith(name):
            found: dict[str, Any] = function
            return found
    return None


def invoke(function: dict[str, Any], event: Any) -> Answer | None:
    """What the function answers to an event; None where its behaviour says too little."""
    description = str(function.get("description", ""))
    match function["behaviour"]:
        case "identity":
            return Answer(event)
        case "sleep60":
            return Answer(event, seconds=SLEEP_SECONDS)
        case "large":
            return Answer("0" * LARGE_BYTES)
        case "constant":
            return _constant(description)
        case "raises":
            return _raised(description)
        case _:
            return None


def _constant(description: str) -> Answer | None:
    found = _CONSTANT.match(description)
    try:
        return Answer(json.loads(found["json"])) if found else None
    except ValueError:
        return None


def _raised(description: str) -> Answer | None:
    found = _ERROR.search(description)
    if found is None:
        return None
    payload = {"errorMessage": found["message"], "errorType": found["type"]}
    return Answer(error=(found["type"], json.dumps(payload)))


def as_result(resource: str, value: Any) -> Any:
    """The result of a Task whose function answered with a value."""
    if ":function:" in resource:
        return value
    sdk = ":aws-sdk:" in resource
    payload = json.dumps(value) if sdk else value
    return {"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200}
