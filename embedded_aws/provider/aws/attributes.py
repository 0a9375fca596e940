"""SQS and SNS keep settings as a map of texts: fields to and from that form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.provider.fields import Field, Fields, Kind, boto_name
from embedded_aws.provider.resource import Values


def to_attributes(fields: Fields, inputs: Mapping[str, Any]) -> dict[str, str]:
    return {
        boto_name(name, known): _text(inputs[name])
        for name, known in fields.items()
        if inputs.get(name) is not None
    }


def from_attributes(fields: Fields, attributes: Mapping[str, str]) -> Values:
    found = {name: attributes.get(boto_name(name, known)) for name, known in fields.items()}
    return {
        name: _value(fields[name], text) for name, text in found.items() if text not in (None, "")
    }


def changed_attributes(fields: Fields, old: Values, new: Values) -> dict[str, str]:
    """Attributes to set; what is no longer given is set to the empty text."""
    before, after = to_attributes(fields, old), to_attributes(fields, new)
    gone = {
        boto_name(name, known): ""
        for name, known in fields.items()
        if old.get(name) is not None and new.get(name) is None and not known.computed
    }
    return {name: text for name, text in after.items() if before.get(name) != text} | gone


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(known: Field, text: Any) -> Any:
    if known.kind is Kind.BOOLEAN:
        return str(text).lower() == "true"
    return int(text) if known.kind is Kind.INTEGER else str(text)
