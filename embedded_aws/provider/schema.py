"""A resource type as a table of fields, which gives check (refusals, defaults) and diff."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from embedded_aws.provider.assets import Content, Digest
from embedded_aws.provider.fields import Field, Fields, Kind, string
from embedded_aws.provider.resource import (
    Checked,
    CheckFailure,
    Diff,
    Place,
    PropertyChange,
    Unknown,
    Values,
)


@dataclass(frozen=True)
class Schema:
    """A resource type: its fields, the template of its id, and the SDK's fields it goes without.

    id             template over inputs, for example `{bucket}`: two resources with one id clash
    generated_id   the service makes the id up: `id` is then only a placeholder for previews
    setting        belongs to another resource and may be there already: creation overwrites it
    unsupported    properties of the SDK that the handler does not take or return: refused by name
    same_names_as  token of the type with which this one shares its names
    """

    token: str
    fields: Fields
    id: str
    generated_id: bool = False
    setting: bool = False
    regional: bool = True
    unsupported: frozenset[str] = frozenset()
    same_names_as: str = ""

    @property
    def family(self) -> str:
        """The type whose names this one shares."""
        return self.same_names_as or self.token

    @property
    def inputs(self) -> dict[str, Field]:
        return {name: item for name, item in self.fields.items() if not item.output}

    def walk(self) -> Iterator[tuple[str, Field]]:
        """Every field with its path, nested ones included."""
        return _walk(self.fields, "")

    def check(self, given: Mapping[str, Any], place: Place) -> Checked:
        """Inputs with defaults, and all failures by property path."""
        failures: list[CheckFailure] = []
        present = {name: value for name, value in given.items() if value is not None}
        for name in sorted(set(present) & self.unsupported):
            failures.append(
                CheckFailure(name, f"is not supported for {self.token} here: leave it out")
            )
            del present[name]
        checked = _check_block(present, self.fields, "", failures)
        if self.regional:
            checked.setdefault("region", place.region)
            if checked["region"] != place.region:
                failures.append(CheckFailure("region", f"must be {place.region} or left out"))
        return Checked(checked, failures)

    def diff(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        return Diff(tuple(_changes(self.inputs, old, new, "")))

    def placeholders(self, inputs: Mapping[str, Any], place: Place, urn: str) -> tuple[str, Values]:
        """Id and outputs as a preview shows them: computed from names, the same every time."""
        unique = uuid5(NAMESPACE_URL, urn)
        names = {**inputs, "uuid": str(unique), "hex": unique.hex[:17]}
        names["id"] = self.render(self.id, names, place)
        outputs: Values = dict(inputs)
        for name, known in self.fields.items():
            if known.example and outputs.get(name) is None:
                outputs[name] = self.render(known.example, names, place)
        if "tagsAll" in self.fields:
            outputs["tagsAll"] = dict(inputs.get("tags", {}))
        return names["id"], outputs

    def drift(self, live: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        readable = {name: item for name, item in self.inputs.items() if item.readable}
        return Diff(tuple(_changes(readable, live, new, "", only_readable=True)))

    def render(self, template: str, values: Mapping[str, Any], place: Place) -> str:
        """Fills a template such as `arn:{partition}:s3:::{bucket}` from properties and place."""
        names = {"account": place.account, "region": place.region, "partition": place.partition}
        return template.format_map(_Named({**values, **names}))


class _Named(dict[str, Any]):
    """A missing name stays visible: a check has refused the resource already."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"


def schema(token: str, id: str, fields: Fields, unsupported: str = "", **options: Any) -> Schema:
    """A `Schema`; `unsupported` is a text of names, the field `region` comes by itself."""
    if options.get("regional", True):
        fields = {**fields, "region": string(create_only=True, write_only=True)}
    return Schema(token, fields, id, unsupported=frozenset(unsupported.split()), **options)


def _walk(fields: Fields, path: str) -> Iterator[tuple[str, Field]]:
    for name, known in fields.items():
        at = _join(path, name)
        yield at, known
        yield from _walk((known.item or known).fields, at)


def _check_block(
    given: Mapping[str, Any], fields: Fields, path: str, failures: list[CheckFailure]
) -> Values:
    checked: Values = {}
    for name, value in given.items():
        known = fields.get(name)
        at = _join(path, name)
        if known is None:
            failures.append(CheckFailure(at, _no_such(name, fields)))
        elif known.output:
            failures.append(CheckFailure(at, "is an output and cannot be given"))
        elif value is not None:
            checked[name] = _check_value(value, known, at, failures)
    for name, known in fields.items():
        if name in checked or known.output:
            continue
        if known.required:
            if name not in given or given[name] is None:
                failures.append(CheckFailure(_join(path, name), "is required"))
        elif known.default is not None:
            checked[name] = known.default
    return checked


def _no_such(name: str, fields: Fields) -> str:
    near = get_close_matches(name, [n for n, f in fields.items() if not f.output], n=1)
    return "is no input that is supported here" + (f"; did you mean {near[0]}?" if near else "")


def _check_value(value: Any, known: Field, path: str, failures: list[CheckFailure]) -> Any:
    if isinstance(value, Unknown):
        return value  # of a preview by the Pulumi CLI: judged when it is known
    if known.kind is Kind.BLOCK and isinstance(value, Mapping):
        return _check_block(value, known.fields, path, failures)
    if known.kind in (Kind.LIST, Kind.SET) and isinstance(value, list) and known.item:
        return [
            _check_value(entry, known.item, f"{path}[{number}]", failures)
            for number, entry in enumerate(value)
        ]
    if known.kind is Kind.MAP and isinstance(value, Mapping):
        return {k: _check_value(v, string(), f"{path}.{k}", failures) for k, v in value.items()}
    if not _is_kind(value, known.kind):
        failures.append(CheckFailure(path, f"must be {known.kind}"))
    elif known.choices and value not in known.choices:
        failures.append(CheckFailure(path, f"must be one of {', '.join(map(str, known.choices))}"))
    elif known.pattern and not re.fullmatch(known.pattern, value):
        failures.append(CheckFailure(path, f"must match {known.pattern}"))
    elif known.minimum is not None and value < known.minimum:
        failures.append(CheckFailure(path, f"must be at least {known.minimum:g}"))
    elif known.maximum is not None and value > known.maximum:
        failures.append(CheckFailure(path, f"must be at most {known.maximum:g}"))
    return value


def _is_kind(value: Any, kind: Kind) -> bool:
    match kind:
        case Kind.STRING:
            return isinstance(value, str)
        case Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.JSON:
            return isinstance(value, str) and _parsed(value) is not None
        case Kind.POLICY:
            return isinstance(value, str) and isinstance(_parsed(value), dict)
        case Kind.CONTENT:
            return isinstance(value, Content)
        case Kind.TIME:
            return isinstance(value, str) and _epoch(value) is not None
    return False


def _epoch(text: str) -> float | None:
    """Seconds since 1970; a time without zone is UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def _changes(
    fields: Fields,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    path: str,
    only_readable: bool = False,
) -> Iterator[PropertyChange]:
    for name, known in fields.items():
        old, new = before.get(name), after.get(name)
        if only_readable and not known.readable:
            continue
        if known.computed and new is None:
            continue
        if known.uncleared and only_readable and not new:
            continue
        at = _join(path, name)
        if known.kind is Kind.BLOCK and isinstance(old, Mapping) and isinstance(new, Mapping):
            for change in _changes(known.fields, old, new, at, only_readable):
                yield replace(change, replaces=change.replaces or known.create_only)
        elif canonical(known, old, only_readable) != canonical(known, new, only_readable):
            yield PropertyChange(at, known.create_only)


def canonical(known: Field, value: Any, only_readable: bool = False) -> Any:
    """A form in which equal values are equal: order of sets, spelling of JSON, absent = empty."""
    if isinstance(value, Content | Digest | Unknown):
        return value
    if value is None or value in ("", [], {}):
        return None
    if known.kind is Kind.JSON:
        return _sorted_text(_parsed(value))
    if known.kind is Kind.POLICY:
        return _sorted_text(_plain_policy(_parsed(value)))
    if known.kind is Kind.TIME:
        return _epoch(value)
    if known.kind is Kind.BLOCK:
        forms = {
            name: canonical(item, value.get(name), only_readable)
            for name, item in known.fields.items()
            if item.readable or not only_readable
        }
        return {name: form for name, form in forms.items() if form is not None} or None
    if known.kind in (Kind.LIST, Kind.SET) and known.item:
        entries = [canonical(known.item, entry, only_readable) for entry in value]
        return sorted(entries, key=_sorted_text) if known.kind is Kind.SET else entries
    return value


def _sorted_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _plain_policy(document: Any) -> Any:
    """IAM takes one string for a list of one, and lists of actions and resources are sets."""
    if isinstance(document, dict):
        return {key: _plain_policy(value) for key, value in document.items()}
    if isinstance(document, list):
        entries = [_plain_policy(entry) for entry in document]
        if all(isinstance(entry, str) for entry in entries):
            return entries[0] if len(entries) == 1 else sorted(set(entries))
        return entries
    return document


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
