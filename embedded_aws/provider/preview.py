"""Looks at a program without any AWS: every resource with its inputs, outputs as placeholders."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from embedded_aws.endpoint import ACCOUNT, REGION
from embedded_aws.provider import monitor
from embedded_aws.provider.aws import HANDLERS, lookups
from embedded_aws.provider.config import Project, load_project
from embedded_aws.provider.resource import (
    UNKNOWN,
    CheckFailure,
    Handler,
    Place,
    ProvisioningError,
    Values,
)


@dataclass(frozen=True)
class Resource:
    """A resource of the program: `inputs` as given, `outputs` with defaults and placeholders."""

    urn: str
    type: str
    name: str
    id: str
    inputs: Values
    outputs: Values
    secrets: frozenset[str]
    dependencies: tuple[str, ...]


class Resources(list[Resource]):
    """What the program registers, in dependency order; `exports` are the stack's outputs."""

    exports: Values

    def of_type(self, token: str) -> list[Resource]:
        return [resource for resource in self if resource.type == token]


def preview(project_dir: Path, stack: str) -> Resources:
    """Runs the program of a stack and returns its resources; outputs are deterministic.

    Raises ProvisioningError that lists every refused type, input and duplicate name.
    """
    return preview_project(load_project(Path(project_dir), stack))


def preview_project(project: Project) -> Resources:
    driver = Preview(Place(ACCOUNT, project.config.get("aws:region", REGION)))
    finished = monitor.run_program(project, driver)
    if driver.problems:
        raise ProvisioningError("\n".join(sorted(driver.problems)))
    return _in_order(driver.resources, finished.exports)


def _in_order(found: list[Resource], exports: Values) -> Resources:
    """Registrations come on several threads: here the order is the same every time."""
    by_urn = {resource.urn: resource for resource in sorted(found, key=lambda r: r.urn)}
    graph: TopologicalSorter[str] = TopologicalSorter()
    for urn, resource in by_urn.items():
        graph.add(urn, *sorted(name for name in resource.dependencies if name in by_urn))
    resources = Resources(by_urn[urn] for urn in graph.static_order())
    resources.exports = dict(sorted(exports.items()))
    return resources


@dataclass
class Preview:
    """Driver that checks inputs and answers with placeholders; collects all problems."""

    place: Place
    resources: list[Resource] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _identities: dict[tuple[str, str], str] = field(default_factory=dict)

    def register(self, registration: monitor.Registration) -> monitor.Registered:
        try:
            handler = HANDLERS.handler(registration.type)
        except ProvisioningError as error:
            raise ProvisioningError(f"{registration.name}: {error}") from error
        checked = handler.check(registration.inputs, self.place)
        self.problems += failure_lines(registration, checked.failures)
        id, outputs = handler.schema.placeholders(checked.inputs, self.place, registration.urn)
        if not checked.failures:
            self._claim(handler, registration, id)
        self.resources.append(
            Resource(
                urn=registration.urn,
                type=registration.type,
                name=registration.name,
                id=id,
                inputs=registration.inputs,
                outputs=outputs,
                secrets=registration.secrets,
                dependencies=registration.dependencies,
            )
        )
        return monitor.Registered(id, with_unsupported(handler, outputs))

    def read(self, registration: monitor.Registration, id: str) -> monitor.Registered:
        handler = HANDLERS.handler(registration.type)
        _, outputs = handler.schema.placeholders(registration.inputs, self.place, registration.urn)
        return monitor.Registered(id, with_unsupported(handler, outputs))

    def invoke(self, token: str, arguments: Values) -> Values:
        return lookups.invoke(token, arguments, self.place)

    def _claim(self, handler: Handler, registration: monitor.Registration, id: str) -> None:
        """Two resources with one physical name would overwrite each other without a word."""
        if any(text in id for text in registration.hidden):
            self.problems.append(f"{registration.label}: its name holds a secret")
        owner = self._identities.setdefault((handler.schema.family, id), registration.label)
        if owner != registration.label:
            self.problems.append(
                f"{registration.label}: the name {id} is already taken by {owner}: rename one"
            )


def failure_lines(registration: monitor.Registration, failures: list[CheckFailure]) -> list[str]:
    """One sentence per failure: resource, property, reason."""
    return [f"{registration.label}: {failure.property} {failure.reason}" for failure in failures]


def with_unsupported(handler: Handler, outputs: Values) -> Values:
    """Properties that the handler goes without are unknown, so that using one is an error."""
    return {**outputs, **dict.fromkeys(handler.schema.unsupported, UNKNOWN)}
