"""What a resource handler is: the protocol that both drivers (in process, Pulumi CLI) call.

    check    completes and judges inputs; touches nothing
    diff     what differs, and whether that needs a new resource
    create   makes the resource, returns its id
    read     inputs and outputs as they are now; None when the resource is gone
    update   changes it in place
    delete   removes it; a missing one is fine

Values are plain JSON (numbers that are whole are int), archives and files are `assets.Content`.
Keys are Pulumi's camelCase names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedded_aws.provider.clients import Clients
    from embedded_aws.provider.schema import Schema

Values = dict[str, Any]


class Unknown:
    """A value that is not known: an output which a handler does not return, or a preview's."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()


class ProvisioningError(Exception):
    """The program cannot be applied as it is; the message names resource, property and remedy."""


class HalfCreated(Exception):
    """A resource exists under `id`, but a later step of its creation failed with the cause."""

    def __init__(self, id: str) -> None:
        super().__init__(f"{id} was created incompletely")
        self.id = id


@contextmanager
def completing(id: str) -> Iterator[None]:
    """Steps after the resource exists: their failure keeps the id, so that nothing is orphaned."""
    try:
        yield
    except Exception as error:
        raise HalfCreated(id) from error


@dataclass(frozen=True)
class CheckFailure:
    """One refused input; `property` is its path, for example `target.retryPolicy`."""

    property: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """Inputs with defaults filled in, and everything that is wrong with them."""

    inputs: Values
    failures: list[CheckFailure]


@dataclass(frozen=True)
class PropertyChange:
    """One difference; `replaces` when the property is fixed at creation."""

    property: str
    replaces: bool


@dataclass(frozen=True)
class Diff:
    """All differences of two sets of inputs; empty means: nothing to do."""

    changes: tuple[PropertyChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def replaces(self) -> bool:
        return any(change.replaces for change in self.changes)

    @property
    def properties(self) -> list[str]:
        return [change.property for change in self.changes]

    def without(self, names: Collection[str]) -> Diff:
        """The differences outside of these properties."""
        kept = (change for change in self.changes if change.property.split(".")[0] not in names)
        return Diff(tuple(kept))


@dataclass(frozen=True)
class Place:
    """Account, region and partition that resources live in."""

    account: str
    region: str
    partition: str = "aws"


class Handler:
    """Base of all handlers: check, diff and placeholders follow from the schema."""

    schema: Schema

    def check(self, inputs: Mapping[str, Any], place: Place) -> Checked:
        return self.schema.check(inputs, place)

    def diff(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        """Differences between inputs as applied last and as wanted now."""
        return self.schema.diff(old, new)

    def drift(self, live: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        """Differences between the resource as it is and as wanted, where it can be read."""
        return self.schema.drift(live, new)

    def create(self, aws: Clients, inputs: Values) -> str:
        """Returns the id; raises `HalfCreated` when only later steps failed."""
        raise NotImplementedError

    def read(self, aws: Clients, id: str) -> Values | None:
        raise NotImplementedError

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        """`old` is what `read` returned, so that only differences need a call."""
        raise NotImplementedError

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        raise NotImplementedError


def settled(handler: Handler, aws: Clients, id: str, wanted: Values) -> Values:
    """Reads back what was just written; a property that was not kept is an error, never silent."""
    live = handler.read(aws, id)
    if live is None:
        raise ProvisioningError(f"{id} does not exist right after it was written")
    lost = handler.drift(live, wanted)
    if lost:
        raise ProvisioningError(
            f"{id}: written but not kept by the data plane: {', '.join(lost.properties)}"
        )
    return live
