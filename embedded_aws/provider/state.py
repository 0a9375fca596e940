"""What was applied to a stack, in one JSON file.

Only inputs are kept, because everything else is read from the resources themselves. A secret input
is kept as its salted scrypt hash: that is enough to see whether it changed, nothing ever needs the
value back, and no key has to be guarded. Files and long texts are kept as SHA-256.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from embedded_aws.provider.assets import Content, Digest
from embedded_aws.provider.resource import ProvisioningError, Values

VERSION = 1
CREATING, INCOMPLETE, APPLIED = "creating", "incomplete", "applied"

_SEALED, _HASHED = "$sealed", "$sha256"
_LONG_TEXT = 2000  # characters; the file is written after every resource
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


@dataclass(frozen=True)
class Entry:
    """A resource that exists, or whose creation has begun.

    sources  per input the URNs of the resources that its value comes from
    status   creating: begun, perhaps not made; incomplete: made, some property is missing; applied
    """

    urn: str
    type: str
    name: str
    id: str
    inputs: Values
    dependencies: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    status: str = APPLIED

    @property
    def label(self) -> str:
        return f"{self.type} {self.name}"


@dataclass
class State:
    """The resources of one stack. `replaced` ones have a successor and wait for deletion."""

    path: Path
    stack: str
    entries: dict[str, Entry] = field(default_factory=dict)
    replaced: list[Entry] = field(default_factory=list)
    outputs: Values = field(default_factory=dict)
    salt: str = field(default_factory=lambda: secrets.token_hex(16))

    def put(self, entry: Entry) -> None:
        self.entries[entry.urn] = entry
        self.save()

    def drop(self, urn: str) -> None:
        self.entries.pop(urn, None)
        self.save()

    def retire(self, urn: str) -> None:
        """The resource is about to have a successor; it is deleted when nothing needs it."""
        self.replaced.append(self.entries.pop(urn))
        self.save()

    def forget(self, entry: Entry) -> None:
        """The resource is gone."""
        if self.entries.get(entry.urn) is entry:
            del self.entries[entry.urn]
        else:
            self.replaced = [other for other in self.replaced if other is not entry]
        self.save()

    def rename(self, old: str, new: str) -> None:
        """A resource that the program declares under another URN now."""
        self.entries[new] = replace(self.entries.pop(old), urn=new)

    def deletion_order(self, chosen: Collection[Entry]) -> list[Entry]:
        """What depends on others goes first; of two versions, the replaced one."""
        known = list(self.entries.values()) + self.replaced
        graph: TopologicalSorter[str] = TopologicalSorter()
        urns = {entry.urn for entry in known}
        for entry in known:
            graph.add(entry.urn, *(urn for urn in entry.dependencies if urn in urns))
        rank = {urn: number for number, urn in enumerate(graph.static_order())}
        return sorted(chosen, key=lambda entry: -rank[entry.urn])

    def sealed(self, inputs: Mapping[str, Any], secret: Collection[str]) -> Values:
        """Inputs as the file may hold them; `secret` are the names of secret ones."""
        return {name: self._seal(value, name in secret) for name, value in inputs.items()}

    def opened(self, stored: Mapping[str, Any], new: Mapping[str, Any]) -> Values:
        """Stored inputs for comparison with new ones: a hash that fits becomes the new value."""
        result: Values = {}
        for name, value in stored.items():
            mark = _mark(value)
            if mark is None:
                result[name] = value
            elif value == self._seal(new.get(name), mark == _SEALED):
                result[name] = new.get(name)
            else:
                result[name] = Digest(value[mark])
        return result

    def _seal(self, value: Any, secret: bool) -> Any:
        if secret:
            text = value.digest if isinstance(value, Content | Digest) else json.dumps(value)
            return {_SEALED: _hash(self.salt, text)}
        if isinstance(value, Content | Digest):
            return {_HASHED: value.digest}
        if isinstance(value, str) and len(value) > _LONG_TEXT:
            return {_HASHED: hashlib.sha256(value.encode()).hexdigest()}
        return value

    def save(self) -> None:
        """Writes the file in one step; only its owner may read it."""
        data = {
            "version": VERSION,
            "stack": self.stack,
            "salt": self.salt,
            "outputs": self.outputs,
            "resources": [vars(entry) for entry in self.entries.values()],
            "replaced": [vars(entry) for entry in self.replaced],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(json.dumps(data))  # without indentation: ten times as fast
        draft.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def load(path: Path, stack: str) -> State:
    """The stack's state, empty when there is none.

    Raises ProvisioningError for an unreadable file and for the state of another stack.
    """
    if not path.exists():
        return State(path, stack)
    try:
        data = json.loads(path.read_text())
        entries = [_entry(entry) for entry in data["resources"]]
        replaced = [_entry(entry) for entry in data["replaced"]]
        owner, version = data["stack"], data["version"]
        salt, outputs = data["salt"], data["outputs"]
    except (ValueError, KeyError, TypeError) as error:
        raise ProvisioningError(f"{path.name} is not a readable state file: {error}") from error
    if version != VERSION:
        raise ProvisioningError(
            f"{path.name} has version {version}, not {VERSION}: destroy it with "
            "the version of the project that wrote it"
        )
    if owner != stack:
        raise ProvisioningError(f"{path.name} belongs to the stack {owner}, not to {stack}")
    return State(path, stack, {entry.urn: entry for entry in entries}, replaced, outputs, salt)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time. Raises ProvisioningError when another one holds the stack."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_suffix(".lock")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not lock.exists() or not os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                raise BlockingIOError("its last owner removed it just now")
        except BlockingIOError as error:
            raise ProvisioningError(f"{path.name} is in use by another apply or destroy") from error
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _entry(data: Values) -> Entry:
    sources = {name: tuple(urns) for name, urns in data["sources"].items()}
    return Entry(**{**data, "dependencies": tuple(data["dependencies"]), "sources": sources})


@lru_cache(maxsize=1000)
def _hash(salt: str, text: str) -> str:
    return hashlib.scrypt(text.encode(), salt=bytes.fromhex(salt), **_SCRYPT).hex()


def _mark(value: Any) -> str | None:
    if isinstance(value, dict) and len(value) == 1:
        return next((mark for mark in (_SEALED, _HASHED) if mark in value), None)
    return None
