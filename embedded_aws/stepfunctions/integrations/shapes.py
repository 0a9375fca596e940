"""Arguments and results between a state machine's JSON and botocore's models."""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .naming import sdk_field

Naming = Callable[[str], str]

LARGE_BODY = 10_000  # bytes


@functools.cache  # models are read once and stay: their shapes are few and the same ones
def field_names(shape: Any, naming: Naming) -> Mapping[str, str]:
    """The fields of a structure: name in the state machine -> member of the model."""
    names = {naming(member): member for member in shape.members}
    if naming is sdk_field and shape.name == "AttributeValue" and "NULL" in shape.members:
        del names["Null"]
        names["Nul"] = "NULL"  # the Java SDK renames this one member
    return names


@functools.cache
def _member_names(shape: Any, naming: Naming) -> Mapping[str, str]:
    """The fields of a structure: member of the model -> name in the state machine."""
    return {member: name for name, member in field_names(shape, naming).items()}


def is_expression(value: Any) -> bool:
    """Whether a literal argument is known only when the state runs."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def problems(value: Any, shape: Any, naming: Naming) -> Iterator[str]:
    """Unknown and missing names of arguments at any depth, as sentences of the service."""
    if is_expression(value) or getattr(shape, "is_document_type", False):
        return
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = field_names(shape, naming)
        for name, item in value.items():
            if name in names:
                yield from problems(item, shape.members[names[name]], naming)
            else:
                yield _unknown(name, names)
        for member in shape.required_members:
            if not any(names.get(name) == member for name in value):
                yield f"The field '{naming(member)}' is required but was missing"
    elif kind == "list" and isinstance(value, list):
        for item in value:
            yield from problems(item, shape.member, naming)
    elif kind == "map" and isinstance(value, dict):
        for item in value.values():
            yield from problems(item, shape.value, naming)
    elif kind in _CONTAINERS and not isinstance(value, _CONTAINERS[kind]):
        yield f"The value for the field '{shape.name}' must be {_ARTICLES[kind]}"


_CONTAINERS = {"structure": dict, "list": list, "map": dict}
_ARTICLES = {"structure": "an object", "list": "an array", "map": "an object"}


def _unknown(name: str, names: Mapping[str, str]) -> str:
    sentence = f"The field '{name}' is not supported by Step Functions"
    near = [known for known in names if name.lower() == known.lower()]
    return f"{sentence}; write '{near[0]}'" if near else sentence


def to_model(value: Any, shape: Any, naming: Naming) -> Any:
    """Arguments as botocore takes them: member names, blobs as bytes."""
    if getattr(shape, "is_document_type", False):
        return value
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = field_names(shape, naming)
        return {
            names[name]: to_model(item, shape.members[names[name]], naming)
            for name, item in value.items()
        }
    if kind == "list" and isinstance(value, list):
        return [to_model(item, shape.member, naming) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: to_model(item, shape.value, naming) for key, item in value.items()}
    if kind == "blob":
        return as_text(value).encode()
    return value


def as_text(value: Any) -> str:
    """A string as it is, any other JSON as compact text."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_model(value: Any, shape: Any, naming: Naming) -> Any:
    """A result as the state machine sees it: field names, times and bodies as strings."""
    if isinstance(value, datetime.datetime):
        return iso_time(value)
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes | bytearray):
        body = bytes(value)
        return _text(body) if len(body) < LARGE_BODY else _shared_text(body)
    if shape is None or getattr(shape, "is_document_type", False):
        return value
    if isinstance(value, dict) and shape.type_name == "structure":
        names = _member_names(shape, naming)
        return {
            names[member]: from_model(item, shape.members[member], naming)
            for member, item in value.items()
            if member in names
        }
    if isinstance(value, dict) and shape.type_name == "map":
        return {key: from_model(item, shape.value, naming) for key, item in value.items()}
    if isinstance(value, list) and shape.type_name == "list":
        return [from_model(item, shape.member, naming) for item in value]
    return value


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


# Many executions read the same large object, and each history keeps what its states read.
_shared_text = functools.lru_cache(maxsize=32)(_text)


def iso_time(moment: datetime.datetime) -> str:
    """A time in UTC, with milliseconds only where there are any."""
    utc = moment.astimezone(datetime.UTC)
    millis = utc.microsecond // 1000
    text = utc.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{millis:03d}Z" if millis else f"{text}Z"
