"""Differences as the Pulumi CLI shows them: by path, with what happens there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from embedded_aws.provider.resource import Diff, Values

_KIND = provider_pb2.PropertyDiff
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


def detailed(
    diff: Diff, old: Mapping[str, Any], new: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any]:
    """Path -> PropertyDiff; below a secret property nothing is told apart."""
    found = {}
    for change in diff.changes:
        top = change.property.split(".")[0]
        path = top if top in secrets else change.property
        for at, before, after in _leaves(path, at_path(old, path), at_path(new, path), secrets):
            found[at] = _KIND(kind=_kind(before, after, change.replaces), inputDiff=True)
    return found


def at_path(values: Any, path: str) -> Any:
    """The value under a dotted path of blocks; None where there is none."""
    for name in path.split("."):
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def put_at_path(values: Values, path: str, value: Any) -> Values:
    """A copy with the value under a dotted path; None removes it."""
    name, _, rest = path.partition(".")
    if rest:
        value = put_at_path(values.get(name) or {}, rest, value)
    kept = {key: entry for key, entry in values.items() if key != name}
    return kept if value is None else {**kept, name: value}


def _leaves(
    path: str, before: Any, after: Any, secrets: Collection[str]
) -> Iterator[tuple[str, Any, Any]]:
    """Maps are compared key by key, everything else as a whole."""
    if path in secrets or not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        yield path, before, after
        return
    for key in sorted({**before, **after}):
        if before.get(key) != after.get(key):
            at = f"{path}.{key}" if _IDENTIFIER.fullmatch(key) else f'{path}["{key}"]'
            yield from _leaves(at, before.get(key), after.get(key), secrets)


def _kind(before: Any, after: Any, replaces: bool) -> Any:
    if before is None:
        return _KIND.ADD_REPLACE if replaces else _KIND.ADD
    if after is None:
        return _KIND.DELETE_REPLACE if replaces else _KIND.DELETE
    return _KIND.UPDATE_REPLACE if replaces else _KIND.UPDATE
