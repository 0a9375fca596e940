"""Answers to test with, made from the schemas: nothing said, but everything there."""

from __future__ import annotations

from typing import Any

from parse_response.coerce import absence
from parse_response.layout import ADVISORY, Field, layout_of

PASSES = ("pass1", "pass2", "pass3")

_GROUNDS = {"confidence": 0.9, "evidence": "no mention", "source": "inferred"}


def make_blank(pass_name: str) -> dict[str, Any]:
    """A valid answer of a pass whose every field is absent."""
    layout = layout_of(pass_name)
    answer: dict[str, Any] = {
        name: _fields(root.fields)
        | {section: _fields(fields) for section, fields in root.sections.items()}
        for name, root in layout.roots.items()
    }
    if layout.advisory:
        answer[ADVISORY] = {"extraction_complete": True, "fields_found": 0, "fields_null": 0}
    return answer


def _fields(fields: dict[str, Field]) -> dict[str, Any]:
    return {
        name: {"value": absence(field.value), **_GROUNDS} if field.wrapped else absence(field.value)
        for name, field in fields.items()
    }
