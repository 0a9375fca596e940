"""A pass's JSON Schema as the model sees it: JSON with placeholders instead of values.

A placeholder stands in angle brackets and names kinds or words: `<string|null>`, `<remote|onsite>`,
`<0..1>`. A name from `$defs` is explained below the JSON. No value could be copied as an example.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def outline(schema: Schema) -> str:
    """The placeholder JSON, a line per field, then a line per name used in it."""
    used: dict[str, None] = {}
    shape = _object(schema, schema["$defs"], used)
    names = [f"<{name}>: {_meaning(schema['$defs'][name])}" for name in used]
    return "\n".join([shape, *names])


def _object(schema: Schema, defs: Schema, used: dict[str, None]) -> str:
    """An object of roots, sections or fields, each on a line of its own."""
    members = [
        f'"{name}": {_member(child, defs, used)}' for name, child in schema["properties"].items()
    ]
    return "{\n" + ",\n".join(members) + "\n}"


def _member(schema: Schema, defs: Schema, used: dict[str, None]) -> str:
    if "allOf" in schema:
        return _wrapped(schema, defs, used)
    if schema.get("type") == "object":
        return _object(schema, defs, used)
    return _value(schema, defs, used)


def _wrapped(schema: Schema, defs: Schema, used: dict[str, None]) -> str:
    """The wrapper on one line.

    Null, which its confidence, evidence and source may be, is not offered: there it only records
    that a model gave nothing.
    """
    members = {**defs["wrapped"]["properties"], "value": schema["properties"]["value"]}
    texts = [
        _value(child, defs, used) if name == "value" else _value(child, defs, used, null=False)
        for name, child in members.items()
    ]
    return "{" + ", ".join(f'"{n}": {t}' for n, t in zip(members, texts, strict=True)) + "}"


def _value(schema: Schema, defs: Schema, used: dict[str, None], null: bool = True) -> str:
    if schema.get("type") == "array":
        return f"[{_value(schema['items'], defs, used)}, ...]"
    if schema.get("type") == "object":
        members = schema["properties"].items()
        return "{" + ", ".join(f'"{n}": {_value(s, defs, used)}' for n, s in members) + "}"
    kinds = _kinds(schema, used)
    return f"<{'|'.join(kind for kind in kinds if null or kind != 'null')}>"


def _kinds(schema: Schema, used: dict[str, None]) -> list[str]:
    """The words and kinds that a scalar may be."""
    if "anyOf" in schema:
        return [kind for child in schema["anyOf"] for kind in _kinds(child, used)]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        used[name] = None
        return [name]
    if "enum" in schema:
        return ["null" if word is None else word for word in schema["enum"]]
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return [_kind(kind, schema) for kind in types]


def _kind(kind: str, schema: Schema) -> str:
    if kind == "boolean":
        return "true|false"
    if kind in ("number", "integer") and "maximum" in schema:
        return f"{schema['minimum']}..{schema['maximum']}"
    return kind


def _meaning(schema: Schema) -> str:
    return "|".join(schema["enum"]) if "enum" in schema else str(schema["description"])
