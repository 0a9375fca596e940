"""Brings every field of an arranged answer to what its schema accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parse_response import aliases
from parse_response.arrange import correct_keys
from parse_response.coerce import absence, coerce
from parse_response.layout import WRAPPER, Field, Layout, Root, Value
from parse_response.notes import Warn, Warnings, join, quote, shown

_CONFIDENCE = Value("number", nullable=True, minimum=0, maximum=1)


def repair(arranged: Mapping[str, Any], layout: Layout, warnings: Warnings) -> dict[str, Any]:
    """Every root with every field, each accepted by the schema; shapes as the schema's."""
    repaired = {}
    for name, root in layout.roots.items():
        given = _spread_wrapped_scores(arranged[name], root, warnings)
        repaired[name] = _fields(root.fields, given, name, layout, warnings) | {
            section: _fields(fields, given[section], join(name, section), layout, warnings)
            for section, fields in root.sections.items()
        }
    return repaired


def _fields(
    fields: Mapping[str, Field],
    given: Mapping[str, Any],
    path: str,
    layout: Layout,
    warnings: Warnings,
) -> dict[str, Any]:
    return {
        name: _field(one, given[name], join(path, name), layout, warnings)
        if name in given
        else _missing(one, join(path, name), warnings)
        for name, one in fields.items()
    }


def _missing(one: Field, path: str, warnings: Warnings) -> Any:
    value = absence(one.value)
    warnings.lacks(path, value)
    return dict.fromkeys(WRAPPER) | {"value": value} if one.wrapped else value


def _field(one: Field, given: Any, path: str, layout: Layout, warn: Warn) -> Any:
    if one.wrapped:
        return _wrapped(one, given, path, layout, warn)
    if isinstance(given, dict) and "value" in given:
        warn(path, "was wrapped, its value is kept")
        given = given["value"]
    return coerce(one.name, one.value, given, path, warn)


def _wrapped(one: Field, given: Any, path: str, layout: Layout, warn: Warn) -> dict[str, Any]:
    """A wrapper whose four parts are accepted; null confidence and evidence record their lack."""
    parts = correct_keys(given, WRAPPER, path, warn) if isinstance(given, dict) else {}
    if not parts.keys() & set(WRAPPER):  # the value itself
        warn(path, "was not wrapped, confidence, evidence and source are null")
        return dict.fromkeys(WRAPPER) | {"value": coerce(one.name, one.value, given, path, warn)}
    for key in parts:
        if key not in WRAPPER:
            warn(join(path, quote(key)), "is no part of the wrapper, dropped")
    return {
        "value": coerce(one.name, one.value, parts.get("value"), join(path, "value"), warn),
        "confidence": _confidence(parts.get("confidence"), join(path, "confidence"), warn),
        "evidence": _evidence(parts.get("evidence"), join(path, "evidence"), warn),
        "source": _source(parts.get("source"), join(path, "source"), layout.sources, warn),
    }


def _confidence(given: Any, path: str, warn: Warn) -> Any:
    if given is None:
        warn(path, "is not given")
        return None
    return coerce("confidence", _CONFIDENCE, given, path, warn)


def _evidence(given: Any, path: str, warn: Warn) -> Any:
    if given is None or given == "":
        warn(path, "is not given")
        return None
    return coerce("evidence", Value("text", nullable=True), given, path, warn)


def _source(given: Any, path: str, sources: tuple[str, ...], warn: Warn) -> str | None:
    if given is None:
        return None
    if given in sources:
        return str(given)
    meant = aliases.source(given) if isinstance(given, str) else None
    warn(path, f"{quote(given)} became {shown(meant)}")
    return meant


def _spread_wrapped_scores(given: Any, root: Root, warn: Warn) -> Any:
    """Lets the confidence of a wrapped `x_score` fill a missing `x_confidence` beside it."""
    spread = dict(given)
    for name in root.fields:
        partner = name.removesuffix("_score") + "_confidence"
        score = given.get(name)
        if partner not in root.fields or not isinstance(score, dict):
            continue
        if spread.get(partner) is None and "confidence" in score:
            warn(join(root.name, partner), f"was missing, taken from the wrapper of {name}")
            spread[partner] = score["confidence"]
    return spread
