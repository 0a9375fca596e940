"""Per property of a resource type: kind, default, whether fixed at creation, its boto3 name.

`to_boto` and `from_boto` translate values by that table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from embedded_aws.provider.resource import Values


class Kind(StrEnum):
    """What a value must be; the text stands in messages."""

    STRING = "a string"
    INTEGER = "an integer"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    JSON = "JSON text"
    TIME = "an ISO 8601 time"
    POLICY = "an IAM policy document as JSON text"
    LIST = "a list"
    SET = "a list (in any order)"
    MAP = "a map of strings"
    BLOCK = "an object"
    CONTENT = "a file or an archive"


Fields = Mapping[str, "Field"]


@dataclass(frozen=True)
class Field:
    """One property. `boto` is its name in boto3 where that is not the name in the service's case.

    computed    optional; when absent, the service's own value is right
    output      returned, never given; `example` is a template for a placeholder in previews
    write_only  cannot be read back: compared only with what was applied last
    unkept      the data plane loses it on read, for the given reason: treated as write_only
    uncleared   the data plane cannot clear it again, for the given reason: absent = any value
    """

    kind: Kind
    required: bool = False
    default: Any = None
    create_only: bool = False
    computed: bool = False
    output: bool = False
    write_only: bool = False
    unkept: str = ""
    uncleared: str = ""
    example: str = ""
    boto: str = ""
    choices: tuple[Any, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    item: Field | None = None
    fields: Fields = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        return not (self.write_only or self.unkept)


def string(**options: Any) -> Field:
    return Field(Kind.STRING, **options)


def physical_name(pattern: str, **options: Any) -> Field:
    """The name under which AWS knows a resource: given by the program, never generated."""
    return Field(Kind.STRING, required=True, create_only=True, pattern=pattern, **options)


def integer(minimum: float | None = None, maximum: float | None = None, **options: Any) -> Field:
    return Field(Kind.INTEGER, minimum=minimum, maximum=maximum, **options)


def number(**options: Any) -> Field:
    return Field(Kind.NUMBER, **options)


def boolean(**options: Any) -> Field:
    return Field(Kind.BOOLEAN, **options)


def json_text(**options: Any) -> Field:
    return Field(Kind.JSON, **options)


def instant(**options: Any) -> Field:
    return Field(Kind.TIME, **options)


def policy(**options: Any) -> Field:
    return Field(Kind.POLICY, **options)


def content(**options: Any) -> Field:
    return Field(Kind.CONTENT, **options)


def string_map(**options: Any) -> Field:
    return Field(Kind.MAP, item=string(), **options)


def strings(**options: Any) -> Field:
    """A list of strings whose order counts."""
    return Field(Kind.LIST, item=string(), **options)


def string_set(choices: tuple[str, ...] = (), **options: Any) -> Field:
    return Field(Kind.SET, item=string(choices=choices), **options)


def block(fields: Fields, **options: Any) -> Field:
    return Field(Kind.BLOCK, fields=fields, **options)


def blocks(fields: Fields, **options: Any) -> Field:
    """A list of objects whose order counts."""
    return Field(Kind.LIST, item=block(fields), **options)


def block_set(fields: Fields, **options: Any) -> Field:
    return Field(Kind.SET, item=block(fields), **options)


def output(example: str, kind: Kind = Kind.STRING) -> Field:
    """A property that is only returned; `example` is the template of its placeholder."""
    return Field(kind, output=True, example=example)


TAGS: Fields = {"tags": string_map(), "tagsAll": Field(Kind.MAP, output=True)}


def to_boto(fields: Fields, values: Mapping[str, Any], lower: bool = False) -> dict[str, Any]:
    """Inputs as arguments of boto3; `lower` for services whose members start in lower case."""
    result = {}
    for name, known in fields.items():
        value = values.get(name)
        if value is not None and not known.output:
            result[boto_name(name, known, lower)] = _to_boto_value(known, value, lower)
    return result


def _to_boto_value(known: Field, value: Any, lower: bool) -> Any:
    if known.kind is Kind.BLOCK:
        return to_boto(known.fields, value, lower)
    if known.kind in (Kind.LIST, Kind.SET) and known.item:
        return [_to_boto_value(known.item, entry, lower) for entry in value]
    return value


def from_boto(fields: Fields, response: Mapping[str, Any], lower: bool = False) -> Values:
    """The declared fields of a response, under their Pulumi names."""
    result: Values = {}
    for name, known in fields.items():
        value = response.get(boto_name(name, known, lower))
        if value is not None:
            result[name] = _from_boto_value(known, value, lower)
    return result


def _from_boto_value(known: Field, value: Any, lower: bool) -> Any:
    if known.kind is Kind.BLOCK:
        return from_boto(known.fields, value, lower)
    if known.kind in (Kind.LIST, Kind.SET) and known.item:
        return [_from_boto_value(known.item, entry, lower) for entry in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def boto_name(name: str, known: Field, lower: bool = False) -> str:
    return known.boto or (name if lower else name[0].upper() + name[1:])
