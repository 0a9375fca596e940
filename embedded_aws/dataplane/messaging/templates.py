"""Input templates of pipes: `<$.body.x>` and `<aws.pipes.…>` in a text, filled per record.

Outside quotes a value stands as JSON, inside quotes as text; what is not there is the empty text.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from embedded_aws.dataplane.messaging.records import Record, parsed

_TOKEN = re.compile(r'\\.|"|<(?P<name>\$(?:[.\[][^<>]*)?|aws\.pipes\.[a-z.-]+)>')
_STEP = re.compile(r"\.(?P<key>[^.\[\]]+)|\[(?P<index>\d+)\]|\['(?P<quoted>[^']*)'\]")
_RESERVED = ("pipe-arn", "pipe-name", "source-arn", "target-arn")
_EVENT = ("event", "event.json", "event.ingestion-time")
_ABSENT = object()


def check(template: str) -> None:
    """Raises ValueError naming what the template has and pipes have not, or this program not."""
    for match in _TOKEN.finditer(template):
        name = match["name"]
        if name is None:
            continue
        if name.startswith("$"):
            _steps(name)
        elif name.removeprefix("aws.pipes.") not in (*_RESERVED, *_EVENT):
            raise ValueError(f"Invalid InputTemplate: {name} is not a reserved variable.")


def filled(template: str, record: Record, reserved: Mapping[str, str]) -> Any:
    """The record's input: JSON if the filled template is JSON, else its text.

    reserved  values of pipe-arn, pipe-name, source-arn, target-arn, event.ingestion-time
    """
    event = {**record, "body": parsed(record["body"])}
    quoted = False
    parts: list[str] = []
    end = 0
    for match in _TOKEN.finditer(template):
        parts.append(template[end : match.start()])
        end = match.end()
        if match["name"] is None:
            quoted ^= match[0] == '"'
            parts.append(match[0])
        else:
            parts.append(_shown(_value(match["name"], event, reserved), quoted))
    text = "".join(parts) + template[end:]
    try:
        return json.loads(text)
    except ValueError:
        return text


def at_path(path: str, record: Record) -> Any:
    """The value at `$.a.b[0]` of a record; None if there is none. Raises ValueError."""
    value = _at(path, {**record, "body": parsed(record["body"])})
    return None if value is _ABSENT else value


def _value(name: str, event: Any, reserved: Mapping[str, str]) -> Any:
    if name.startswith("$"):
        return _at(name, event)
    short = name.removeprefix("aws.pipes.")
    return event if short in ("event", "event.json") else reserved[short]


def _at(path: str, value: Any) -> Any:
    for step in _steps(path):
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else _ABSENT
        else:
            value = value.get(step, _ABSENT) if isinstance(value, dict) else _ABSENT
    return value


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    end = 1
    for match in _STEP.finditer(path):
        if match.start() != end:
            break
        end = match.end()
        index = match["index"]
        steps.append(int(index) if index is not None else match["key"] or match["quoted"])
    if end != len(path):
        raise ValueError(f"Invalid InputTemplate: the path {path} is not of the form $.a.b[0].")
    return steps


def _shown(value: Any, quoted: bool) -> str:
    if value is _ABSENT:
        return "" if quoted else '""'
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if quoted:
        return json.dumps(text, ensure_ascii=False)[1:-1]
    return json.dumps(value, ensure_ascii=False)
