"""The provider's Pulumi schema: what `pulumi package get-schema` shows of the handlers."""

from __future__ import annotations

from typing import Any

from embedded_aws.provider.fields import Field, Fields, Kind
from embedded_aws.provider.registry import Registry
from embedded_aws.provider.resource import Values
from embedded_aws.provider.schema import Schema

_TYPES: dict[Kind, Values] = {
    Kind.STRING: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.JSON: {"type": "string"},
    Kind.TIME: {"type": "string"},
    Kind.POLICY: {"type": "string"},
    Kind.MAP: {"type": "object", "additionalProperties": {"type": "string"}},
    Kind.CONTENT: {"$ref": "pulumi.json#/Asset"},
}


def package_schema(registry: Registry, version: str) -> Values:
    """Resource types with their inputs, outputs and object types, in Pulumi's package format."""
    types: Values = {}
    resources = {handler.schema.token: _resource(handler.schema, types) for handler in registry}
    return {
        "name": "aws",
        "version": version,
        "description": "The part of AWS that the embedded AWS provisions",
        "config": {"variables": {"region": {"type": "string"}}},
        "provider": {"inputProperties": {"region": {"type": "string"}}},
        "types": types,
        "resources": resources,
    }


def _resource(schema: Schema, types: Values) -> Values:
    inputs = _properties(schema.token, schema.inputs, types)
    outputs = _properties(schema.token, schema.fields, types)
    return {
        "inputProperties": inputs,
        "requiredInputs": _required(schema.inputs),
        "properties": outputs,
        "required": _required(schema.inputs),
    }


def _properties(owner: str, fields: Fields, types: Values) -> Values:
    return {name: _property(owner, name, known, types) for name, known in fields.items()}


def _property(owner: str, name: str, known: Field, types: Values) -> Values:
    found = dict(_type(owner, name, known, types))
    if known.create_only:
        found["willReplaceOnChanges"] = True
    return found


def _type(owner: str, name: str, known: Field, types: Values) -> Any:
    if known.kind in (Kind.LIST, Kind.SET) and known.item:
        return {"type": "array", "items": _type(owner, name, known.item, types)}
    if known.kind is not Kind.BLOCK:
        return _TYPES[known.kind]
    token = owner + name[0].upper() + name[1:]
    types[token] = {
        "type": "object",
        "properties": _properties(token, known.fields, types),
        "required": _required(known.fields),
    }
    return {"$ref": f"#/types/{token}"}


def _required(fields: Fields) -> list[str]:
    return sorted(name for name, known in fields.items() if known.required)
