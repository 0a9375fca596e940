"""The response schema of a pass as tables that the repair of an answer walks.

`schemas/<pass>.json` is the only source: root objects hold sections (or, as a summary, fields
directly), sections hold fields. A field is plain, or wrapped as value, confidence, evidence and
source (its schema refers to `#/$defs/wrapped`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["boolean", "number", "integer", "text", "word", "list", "object"]

WRAPPER = ("value", "confidence", "evidence", "source")
ADVISORY = "metadata"  # a root that the model fills about itself; counted again, not kept


@dataclass(frozen=True)
class Value:
    """What a field may hold. `shape` names the `$defs` entry of the value or of a list's items."""

    kind: Kind
    nullable: bool = False
    words: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    shape: str | None = None
    items: Value | None = None
    members: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """A field of a section or of a summary."""

    name: str
    value: Value
    wrapped: bool


@dataclass(frozen=True)
class Root:
    """A root object: sections of fields, or fields alone."""

    name: str
    sections: dict[str, dict[str, Field]]
    fields: dict[str, Field]


@dataclass(frozen=True)
class Layout:
    """The roots that a pass keeps, whether it has an advisory one, and its sources' words."""

    roots: dict[str, Root]
    advisory: bool
    sources: tuple[str, ...]


def schemas_folder() -> Path:
    """`schemas/` lies beside this package in a zip, beside `functions/` in the repository."""
    found = (folder / "schemas" for folder in Path(__file__).resolve().parents)
    return next(folder for folder in found if folder.is_dir())


@cache
def schema_of(pass_name: str) -> dict[str, Any]:
    """The JSON Schema of a pass's whole answer."""
    text = (schemas_folder() / f"{pass_name}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def layout_of(pass_name: str) -> Layout:
    """The layout of a pass."""
    schema = schema_of(pass_name)
    defs = schema["$defs"]
    roots = {
        name: _root(name, root, defs)
        for name, root in schema["properties"].items()
        if name != ADVISORY
    }
    sources = tuple(defs.get("source", {}).get("enum", ()))
    return Layout(roots, ADVISORY in schema["properties"], sources)


def _root(name: str, schema: dict[str, Any], defs: dict[str, Any]) -> Root:
    sections: dict[str, dict[str, Field]] = {}
    fields: dict[str, Field] = {}
    for key, child in schema["properties"].items():
        if child.get("type") == "object":
            sections[key] = {n: _field(n, s, defs) for n, s in child["properties"].items()}
        else:
            fields[key] = _field(key, child, defs)
    return Root(name, sections, fields)


def _field(name: str, schema: dict[str, Any], defs: dict[str, Any]) -> Field:
    if "allOf" in schema:
        return Field(name, _value(schema["properties"]["value"], defs), wrapped=True)
    return Field(name, _value(schema, defs), wrapped=False)


def _value(schema: dict[str, Any], defs: dict[str, Any]) -> Value:
    shape, nullable = None, False
    if "anyOf" in schema:  # a reference or null
        schema, nullable = schema["anyOf"][0], True
    if "$ref" in schema:
        shape = schema["$ref"].rpartition("/")[2]
        schema = defs[shape]
    if "enum" in schema:
        words = tuple(word for word in schema["enum"] if word is not None)
        return Value("word", nullable or None in schema["enum"], words, shape=shape)
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    items = _value(schema["items"], defs) if types[0] == "array" else None
    return Value(
        kind=_KINDS[types[0]],
        nullable=nullable or "null" in types,
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        pattern=schema.get("pattern"),
        shape=items.shape if items else shape,
        items=items,
        members={n: _value(s, defs) for n, s in schema.get("properties", {}).items()},
    )


_KINDS: dict[str, Kind] = {
    "array": "list",
    "boolean": "boolean",
    "integer": "integer",
    "number": "number",
    "object": "object",
    "string": "text",
}
