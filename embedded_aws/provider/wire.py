"""Properties as they cross between Pulumi's SDK and the monitor (protobuf structs)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from embedded_aws.provider import assets, secrecy
from embedded_aws.provider.resource import UNKNOWN, Unknown, Values

# marks of the wire format: this key tells that an object is something special
_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


@dataclass
class Properties:
    """Properties from the wire as plain values.

    secrets  names of the properties that are secret or hold a secret
    hidden   the texts of all secrets in them
    """

    values: Values = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    @classmethod
    def decoded(cls, struct: Any) -> Self:
        found = cls()
        for name, value in struct.items():
            plain = found._plain(value, name)
            if plain is not None:
                found.values[name] = plain
        return found

    def _plain(self, value: Any, name: str) -> Any:
        if isinstance(value, struct_pb2.ListValue):
            return [self._plain(entry, name) for entry in value]
        if isinstance(value, struct_pb2.Struct):
            if _SIGNATURE not in value:
                entries = {key: self._plain(entry, name) for key, entry in value.items()}
                return {key: entry for key, entry in entries.items() if entry is not None}
            if value[_SIGNATURE] == _SECRET:
                plain = self._plain(value["value"], name)
                self.secrets.add(name)
                self.hidden |= secrecy.texts(plain)
                return plain
            return self._content(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return UNKNOWN if value == rpc.UNKNOWN else value

    def _content(self, value: Any) -> Any:
        """A file, a text or an archive, as the SDK's class for it."""
        return rpc.deserialize_property(value)


def has_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(has_unknown(entry) for entry in value.values())
    if isinstance(value, list):
        return any(has_unknown(entry) for entry in value)
    return isinstance(value, Unknown)


def to_struct(values: Mapping[str, Any], secrets: Collection[str] = ()) -> Any:
    """Properties for the wire; content is left out, the program has it already."""
    struct = struct_pb2.Struct()
    for name, value in values.items():
        wire = _wire(value)
        if wire is not None:
            struct.update({name: {_SIGNATURE: _SECRET, "value": wire} if name in secrets else wire})
    return struct


def _wire(value: Any) -> Any:
    if isinstance(value, Unknown):
        return rpc.UNKNOWN
    if isinstance(value, assets.Content | assets.Digest):
        return None
    if isinstance(value, dict):
        return {k: wire for k, entry in value.items() if (wire := _wire(entry)) is not None}
    if isinstance(value, list):
        return [_wire(entry) for entry in value]
    return value
