"""Properties as they cross between the Pulumi CLI and the provider plugin.

Beyond `wire.py`: what is handed back unchanged keeps its form on the wire, so that files and nested
secrets survive; of files that were applied earlier only a digest is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2

from embedded_aws.provider import assets, secrecy
from embedded_aws.provider.assets import Content, Digest
from embedded_aws.provider.resource import Values
from embedded_aws.provider.wire import Properties, to_struct

DIGESTS = "__digests"  # output, not shown by the CLI: SHA-256 of the files as they were applied


class _Recorded(Properties):
    """Properties of the past or for comparison: a file is the CLI's hash of it."""

    def _content(self, value: Any) -> Any:
        return Digest(str(value["hash"]))


@dataclass
class Bag:
    """One set of properties: plain `values`, `secrets` by name, their texts, and the wire form."""

    values: Values
    secrets: frozenset[str]
    hidden: frozenset[str]
    wire: Any

    @staticmethod
    def wanted(struct: Any, root: Path) -> Bag:
        """New inputs, with files as content. Raises OSError or ValueError for an unusable file."""
        found = Properties.decoded(struct)
        return _bag(found, assets.from_pulumi(found.values, root), struct)

    @staticmethod
    def recorded(struct: Any) -> Bag:
        """Properties in which a file counts by its hash only."""
        found = _Recorded.decoded(struct)
        return _bag(found, found.values, struct)

    def struct(self, values: Mapping[str, Any]) -> Any:
        """`values` for the wire: what is as in this bag keeps its form, secrets stay secret."""
        shown = secrecy.names_holding(dict(values), self.hidden)
        changed = {
            name: value
            for name, value in values.items()
            if not (name in self.values and self.values[name] == value)
        }
        struct = to_struct(changed, self.secrets | shown)
        for name in values:
            if name not in changed:
                struct.fields[name].CopyFrom(self.wire.fields[name])
        return struct


def _bag(found: Properties, values: Values, struct: Any) -> Bag:
    wire = struct_pb2.Struct()
    wire.CopyFrom(struct)
    return Bag(values, frozenset(found.secrets), frozenset(found.hidden), wire)


def digests(inputs: Mapping[str, Any]) -> Values:
    """SHA-256 of each file among the inputs."""
    return {name: value.digest for name, value in inputs.items() if isinstance(value, Content)}


def as_applied(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Values:
    """Recorded properties for comparison with the live resource: files by their own SHA-256."""
    known = {name: Digest(digest) for name, digest in (outputs.get(DIGESTS) or {}).items()}
    return {**outputs, **inputs, **{name: known[name] for name in known if name in inputs}}
