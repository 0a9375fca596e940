"""An answer's text in, an accepted object out: two severities.

Fatal: no object, a truncated one, a missing root or section, or most fields missing. The pass
fails and the model is asked again. Everything else is repaired, each repair with a warning, and
what comes out meets `schemas/<pass>.json` in full.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import fastjsonschema

from parse_response.agreement import reconcile
from parse_response.arrange import arrange, member_names
from parse_response.extract import Doubt, extract
from parse_response.fields import repair
from parse_response.layout import ADVISORY, Layout, layout_of, schema_of
from parse_response.notes import Warnings
from parse_response.outcome import Rejected

_NOTHING = ("null", "false", '"not_mentioned"', "[]")


@dataclass(frozen=True)
class Accepted:
    """A whole answer that meets its schema, and what had to be changed for that."""

    answer: dict[str, Any]
    warnings: tuple[str, ...]

    @property
    def result(self) -> Any:
        """What is stored: the one root's inner object, or several roots by name."""
        kept = {name: part for name, part in self.answer.items() if name != ADVISORY}
        return next(iter(kept.values())) if len(kept) == 1 else kept

    @property
    def counts(self) -> dict[str, Any]:
        """The answer's advisory part, if its pass has one."""
        counts: dict[str, Any] = self.answer.get(ADVISORY, {})
        return counts


def accept(pass_name: str, text: str) -> Accepted:
    """The accepted answer in `text`. Raises Rejected (no_json, truncated, malformed, schema)."""
    layout = layout_of(pass_name)
    found = extract(text, layout.roots.keys(), member_names(layout))
    warnings = Warnings(list(found.warnings))
    try:
        answer = repair(arrange(found.answer, layout, warnings), layout, warnings)
    except Rejected:
        if found.doubt is None:
            raise
        raise Rejected(found.doubt, "The repaired answer lacks whole sections.") from None
    _check_complete(layout, warnings, found.doubt)
    reconcile(pass_name, answer, warnings)
    if layout.advisory:
        answer[ADVISORY] = _counts(answer, found.answer, warnings)
    check(pass_name, answer)
    return Accepted(answer, tuple(warnings.reasons))


def check(pass_name: str, answer: dict[str, Any]) -> None:
    """Raises Rejected (schema), naming the field, unless the answer meets its schema strictly."""
    try:
        _validator(pass_name)(answer)
    except fastjsonschema.JsonSchemaValueException as error:
        raise Rejected("schema", f"{error.message}.") from None


@cache
def _validator(pass_name: str) -> Callable[[Any], Any]:
    validator: Callable[[Any], Any] = fastjsonschema.compile(schema_of(pass_name))
    return validator


def _check_complete(layout: Layout, warnings: Warnings, doubt: Doubt | None) -> None:
    lost = len(warnings.missing)
    if lost and doubt is not None:
        raise Rejected(
            doubt, f"The repaired answer lacks {lost} fields, {warnings.missing[0]} first."
        )
    total = sum(
        len(root.fields) + sum(len(section) for section in root.sections.values())
        for root in layout.roots.values()
    )
    if lost > total // 2:
        raise Rejected("schema", f"The answer lacks {lost} of {total} fields.")


def _counts(answer: dict[str, Any], given: dict[str, Any], warnings: Warnings) -> dict[str, Any]:
    """The model's account of its answer with counts that are true."""
    claim = given.get(ADVISORY)
    complete = claim.get("extraction_complete") if isinstance(claim, dict) else None
    values = [
        value for root in answer.values() for section in root.values() for value in section.values()
    ]
    return {
        "extraction_complete": complete is True and not warnings.missing,
        "fields_found": sum(json.dumps(value) not in _NOTHING for value in values),
        "fields_null": sum(value is None for value in values),
    }
