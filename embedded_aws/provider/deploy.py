"""Applies a program to the embedded AWS and takes it away again.

The program runs twice: first as a preview, which refuses everything that can be refused before
anything is touched, then for real. Every resource is compared with what was applied last (state)
and with what exists (read), so that drift is repaired and a second apply changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from botocore.exceptions import ClientError

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import secrecy
from embedded_aws.provider.aws import HANDLERS, lookups
from embedded_aws.provider.clients import Clients
from embedded_aws.provider.config import load_project
from embedded_aws.provider.monitor import Registered, Registration, run_program
from embedded_aws.provider.preview import failure_lines, preview_project, with_unsupported
from embedded_aws.provider.registry import Registry
from embedded_aws.provider.resource import (
    Diff,
    HalfCreated,
    Handler,
    ProvisioningError,
    Values,
    settled,
)
from embedded_aws.provider.state import (
    APPLIED,
    CREATING,
    INCOMPLETE,
    Entry,
    State,
    load,
    locked,
)


class Action(StrEnum):
    """What happened to a resource."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True)
class Change:
    """One resource of an apply; `properties` are the paths that differed, never their values."""

    action: Action
    urn: str
    type: str
    name: str
    id: str
    properties: tuple[str, ...] = ()


Progress = Callable[[Change], None]


def ignore(change: Change) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Applied:
    """The outcome: every resource, and the stack's outputs (secret ones as `[secret]`)."""

    changes: list[Change]
    outputs: Values = field(default_factory=dict)

    @property
    def changed(self) -> list[Change]:
        return [change for change in self.changes if change.action is not Action.SAME]


def apply(
    project_dir: Path,
    stack: str,
    endpoint: Endpoint,
    state_file: Path,
    progress: Progress = ignore,
) -> Applied:
    """Makes the embedded AWS what the program says. What is done stays in the state on failure.

    Raises ProvisioningError, and whatever the program itself raises.
    """
    project = load_project(Path(project_dir), stack)
    region = project.config.get("aws:region", endpoint.region)
    if region != endpoint.region:
        raise ProvisioningError(f"stack {stack} is for {region}, the endpoint is {endpoint.region}")
    refused = HANDLERS.not_here(resource.type for resource in preview_project(project))
    if refused:
        raise ProvisioningError("\n".join(refused))
    with locked(state_file):
        saved = load(state_file, stack)
        deployment = Deployment(Clients(endpoint), saved, progress)
        finished = run_program(project, deployment)
        deployment.delete_leftovers()
        shown = finished.exports | dict.fromkeys(finished.secret_exports, secrecy.HIDDEN)
        saved.outputs = dict(sorted(shown.items()))
        saved.save()
    return Applied(deployment.changes, saved.outputs)


def destroy(
    stack: str, endpoint: Endpoint, state_file: Path, progress: Progress = ignore
) -> Applied:
    """Deletes every resource of the stack, dependents first, and then the state itself."""
    with locked(state_file):
        saved = load(state_file, stack)
        everything = [*saved.entries.values(), *saved.replaced]
        kept = [entry.label for entry in everything if entry.protect]
        if kept:
            raise ProvisioningError(
                f"protected, not destroyed: {', '.join(kept)}; apply without protect first"
            )
        deployment = Deployment(Clients(endpoint), saved, progress)
        deployment.delete(everything)
        saved.remove()
    return Applied(deployment.changes)


@dataclass
class Deployment:
    """Driver that creates, updates, replaces and deletes."""

    aws: Clients
    state: State
    progress: Progress
    registry: Registry = HANDLERS
    changes: list[Change] = field(default_factory=list)
    _declared: set[str] = field(default_factory=set)
    _uprooted: set[str] = field(default_factory=set)

    def register(self, registration: Registration) -> Registered:
        handler = self.registry.handler(registration.type)
        checked = handler.check(registration.inputs, self.aws.place)
        if checked.failures:
            raise ProvisioningError("\n".join(failure_lines(registration, checked.failures)))
        with self._errors_of(registration):
            self._declared.add(registration.urn)
            self._adopt_alias(registration)
            live = self._bring_about(handler, registration, checked.inputs)
        entry = self.state.entries[registration.urn]
        return Registered(
            entry.id,
            with_unsupported(handler, {**checked.inputs, **live}),
            secrecy.names_holding(live, registration.hidden),
        )

    def read(self, registration: Registration, id: str) -> Registered:
        handler = self.registry.handler(registration.type)
        with self._errors_of(registration):
            live = handler.read(self.aws, id)
        if live is None:
            raise ProvisioningError(f"{registration.label}: {id} does not exist")
        return Registered(id, with_unsupported(handler, live))

    def invoke(self, token: str, arguments: Values) -> Values:
        return lookups.invoke(token, arguments, self.aws.place)

    def delete_leftovers(self) -> None:
        """Replaced resources and those that the program no longer declares."""
        undeclared = [
            entry for urn, entry in self.state.entries.items() if urn not in self._declared
        ]
        kept = [entry.label for entry in undeclared if entry.protect]
        if kept:
            raise ProvisioningError(
                f"protected but no longer declared: {', '.join(kept)}; apply it without protect "
                "before removing it"
            )
        self.delete([*self.state.replaced, *undeclared])

    def delete(self, entries: list[Entry]) -> None:
        for entry in self.state.deletion_order(entries):
            superseded = entry.urn in self.state.entries and entry in self.state.replaced
            if not entry.retain_on_delete:
                with self._errors_of(entry):
                    self._delete_one(entry)
            self.state.forget(entry)
            if not superseded and not entry.retain_on_delete:
                self._done(Action.DELETE, entry, Diff())

    def _delete_one(self, entry: Entry) -> None:
        if entry.id:
            self.registry.handler(entry.type).delete(self.aws, entry.id, entry.inputs)

    def _bring_about(self, handler: Handler, wanted: Registration, inputs: Values) -> Values:
        """The resource as it is afterwards."""
        entry = self.state.entries.get(wanted.urn)
        live = handler.read(self.aws, entry.id) if entry and entry.id else None
        if entry is None or live is None:
            action = Action.REPLACE if wanted.urn in self._uprooted else Action.CREATE
            return self._create(handler, wanted, inputs, Diff(), action)
        _keep(wanted.ignore_changes, handler, live, inputs)
        old = self.state.opened(entry.inputs, inputs)
        diff = _joined(handler.diff(old, inputs), handler.drift(live, inputs))
        diff = diff.without(wanted.ignore_changes)
        if diff.replaces:
            return self._replace(handler, wanted, inputs, diff)
        if diff or entry.status != APPLIED:
            handler.update(self.aws, entry.id, live, inputs)
            live = settled(handler, self.aws, entry.id, inputs)
            self._done(Action.UPDATE, self._record(wanted, entry.id, inputs), diff)
        else:
            self._done(Action.SAME, self._record(wanted, entry.id, inputs), diff)
        return live

    def _replace(
        self, handler: Handler, wanted: Registration, inputs: Values, diff: Diff
    ) -> Values:
        """Makes the new one first where names allow it, so that dependents can move over."""
        entry = self.state.entries[wanted.urn]
        if entry.protect:
            raise ProvisioningError(
                f"it is protected, but {', '.join(diff.properties)} cannot change in place"
            )
        if handler.schema.generated_id or self._id_of(handler, wanted, inputs) != entry.id:
            self.state.retire(wanted.urn)
        else:
            self._uproot(entry)
        return self._create(handler, wanted, inputs, diff, Action.REPLACE)

    def _uproot(self, entry: Entry) -> None:
        """Deletes a resource, and before it those that are fixed to it: they come again later."""
        if entry.protect:
            raise ProvisioningError(f"{entry.label} is protected, but would have to be made anew")
        for other in list(self.state.entries.values()):
            fixed = self.registry.handler(other.type).schema.fields
            if any(
                entry.urn in urns and fixed[name].create_only
                for name, urns in other.sources.items()
            ):
                self._uproot(other)
        if entry.urn in self.state.entries:
            self._delete_one(entry)
            self._uprooted.add(entry.urn)
            self.state.drop(entry.urn)

    def _create(
        self, handler: Handler, wanted: Registration, inputs: Values, diff: Diff, action: Action
    ) -> Values:
        expected = "" if handler.schema.generated_id else self._id_of(handler, wanted, inputs)
        begun = self.state.entries.get(wanted.urn)
        if expected and not handler.schema.setting and not (begun and begun.id == expected):
            self._refuse_clash(handler, wanted.type, expected)
        self._record(wanted, expected, inputs, CREATING)
        try:
            id = handler.create(self.aws, inputs)
        except HalfCreated as half:
            self._record(wanted, half.id, inputs, INCOMPLETE)
            raise (half.__cause__ or half) from half
        except ClientError:
            self.state.drop(wanted.urn)  # refused, so nothing was made
            raise
        if id != expected:
            self._record(wanted, id, inputs, INCOMPLETE)
        live = settled(handler, self.aws, id, inputs)
        self._done(action, self._record(wanted, id, inputs), diff)
        return live

    def _refuse_clash(self, handler: Handler, kind: str, id: str) -> None:
        if handler.read(self.aws, id) is None:
            return
        for owner in self.state.entries.values():
            if (owner.type, owner.id) == (kind, id):
                raise ProvisioningError(
                    f"{id} is {owner.name} of this stack: to rename it in the program, give the "
                    f'option aliases=[pulumi.Alias(name="{owner.name}")]'
                )
        raise ProvisioningError(
            f"{id} exists already and does not belong to stack {self.state.stack}: "
            "delete it or choose another name"
        )

    def _id_of(self, handler: Handler, wanted: Registration, inputs: Values) -> str:
        return handler.schema.placeholders(inputs, self.aws.place, wanted.urn)[0]

    def _adopt_alias(self, wanted: Registration) -> None:
        for alias in wanted.aliases:
            if wanted.urn not in self.state.entries and alias in self.state.entries:
                self.state.rename(alias, wanted.urn)

    def _record(
        self, wanted: Registration, id: str, inputs: Values, status: str = APPLIED
    ) -> Entry:
        entry = Entry(
            urn=wanted.urn,
            type=wanted.type,
            name=wanted.name,
            id=id,
            inputs=self.state.sealed(inputs, wanted.secrets),
            dependencies=wanted.dependencies,
            sources=wanted.sources,
            protect=wanted.protect,
            retain_on_delete=wanted.retain_on_delete,
            status=status,
        )
        if self.state.entries.get(wanted.urn) != entry:
            self.state.put(entry)
        return entry

    def _done(self, action: Action, entry: Entry, diff: Diff) -> None:
        properties = tuple(diff.properties)
        change = Change(action, entry.urn, entry.type, entry.name, entry.id, properties)
        self.changes.append(change)
        self.progress(change)

    @contextmanager
    def _errors_of(self, resource: Registration | Entry) -> Iterator[None]:
        """Failures name the resource and hold no secret."""
        hidden = resource.hidden if isinstance(resource, Registration) else frozenset()
        try:
            yield
        except secrecy.FAILURES as error:
            secret = resource.secrets if isinstance(resource, Registration) else frozenset()
            told = secrecy.told(error, self.aws.endpoint.url, secret, hidden)
            raise ProvisioningError(f"{resource.label}: {told}") from (None if secret else error)


def _keep(ignored: tuple[str, ...], handler: Handler, live: Values, inputs: Values) -> None:
    """Puts what is there in the place of what is wanted, for properties whose changes do not count.

    Raises ProvisioningError for a path below a property.
    """
    for name in ignored:
        if name not in handler.schema.inputs:
            raise ProvisioningError(f"ignore_changes: {name} is not a property of the first level")
        if live.get(name) is not None:
            inputs[name] = live[name]


def _joined(first: Diff, second: Diff) -> Diff:
    return Diff(tuple(dict.fromkeys([*first.changes, *second.changes])))
