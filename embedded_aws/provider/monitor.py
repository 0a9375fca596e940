"""Runs a Pulumi program in this process, without the Pulumi CLI.

The program talks to a resource monitor; here that monitor is an object. Registrations arrive in
dependency order on several threads, so one lock makes them serial. A driver decides what a
registration does: `preview.py` only looks, `deploy.py` provisions.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import runpy
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import stack as pulumi_stack
from pulumi.runtime.proto import engine_pb2, resource_pb2

from embedded_aws.endpoint import REGION
from embedded_aws.provider import assets
from embedded_aws.provider.aws import HANDLERS
from embedded_aws.provider.config import Project, without_effect
from embedded_aws.provider.resource import ProvisioningError, Values
from embedded_aws.provider.wire import Properties, has_unknown, to_struct

_STACK = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:"
_LOG = logging.getLogger("pulumi")
_LEVELS = {
    engine_pb2.DEBUG: logging.DEBUG,
    engine_pb2.INFO: logging.INFO,
    engine_pb2.WARNING: logging.WARNING,
}


@dataclass(frozen=True)
class Registration:
    """One resource as the program declares it; `inputs` are plain values, secrets unwrapped.

    secrets       names of the inputs that hold a secret
    hidden        the texts of these secrets
    dependencies  URNs of what it depends on, its parent included
    sources       per input the URNs of the resources that its value comes from
    aliases       URNs that it may have had before
    """

    urn: str
    type: str
    name: str
    inputs: Values
    secrets: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    dependencies: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    protect: bool = False
    retain_on_delete: bool = False

    @property
    def label(self) -> str:
        """Type and name as messages show them: `aws:s3/bucket:Bucket silver`."""
        return f"{self.type} {self.name}"


@dataclass(frozen=True)
class Registered:
    """Answer to a registration; a property whose value is UNKNOWN may not be used.

    secrets  names of properties that show a secret input
    """

    id: str
    properties: Values
    secrets: frozenset[str] = frozenset()


class Driver(Protocol):
    """What happens to the resources that the program declares."""

    def register(self, registration: Registration) -> Registered: ...

    def read(self, registration: Registration, id: str) -> Registered: ...

    def invoke(self, token: str, arguments: Values) -> Values: ...


@dataclass
class Monitor:
    """The resource monitor of one run; the methods in capitals are Pulumi's protocol."""

    project: Project
    driver: Driver
    exports: Values = field(default_factory=dict)
    secret_exports: set[str] = field(default_factory=set)
    errors: list[ProvisioningError] = field(default_factory=list)
    interrupted: bool = False
    _urns: set[str] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        with self._lock, self._recorded():
            urn = self._new_urn(request)
            if not request.custom:
                return resource_pb2.RegisterResourceResponse(urn=urn)
            if request.type.startswith(_PROVIDER):
                self._check_provider(request)
                return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name)
            registration = self._registration(request, urn, request.object)
            _refuse_options(request, registration)
            registered = self.driver.register(registration)
            secrets = registration.secrets | registered.secrets
            secrets |= set(request.additionalSecretOutputs)
            return resource_pb2.RegisterResourceResponse(
                urn=urn, id=registered.id, object=to_struct(registered.properties, secrets)
            )

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        with self._lock, self._recorded():
            urn = self._new_urn(request)
            registration = self._registration(request, urn, request.properties)
            found = self.driver.read(registration, request.id)
            return resource_pb2.ReadResourceResponse(
                urn=urn, properties=to_struct(found.properties)
            )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        with self._lock, self._recorded():
            if f"::{_STACK}::" in request.urn:
                outputs = Properties.decoded(request.outputs)
                self.exports, self.secret_exports = outputs.values, outputs.secrets
                for name, value in self.exports.items():
                    if has_unknown(value):
                        raise ProvisioningError(f"stack output {name} uses {_not_returned([])}")
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        with self._lock, self._recorded():
            arguments = Properties.decoded(request.args).values
            if has_unknown(arguments):
                raise ProvisioningError(f"{request.tok} is asked about {_not_returned([])}")
            result = self.driver.invoke(request.tok, arguments)
            return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(result)})

    def Log(self, request: Any) -> Any:  # noqa: N802
        """Pulumi's engine: an error that the program logs makes the run fail."""
        if request.severity == engine_pb2.ERROR:
            with self._lock:
                self.errors.append(ProvisioningError(request.message))
        else:
            _LOG.log(_LEVELS[request.severity], request.message)
        return empty_pb2.Empty()

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS]
        )

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Keeps the first cause: the SDK would report it once per dependent output."""
        try:
            yield
        except ProvisioningError as error:
            self.errors.append(error)
            raise

    def _new_urn(self, request: Any) -> str:
        if self.interrupted:
            raise ProvisioningError("interrupted: what was done until then is recorded")
        kind = request.type
        if request.parent and f"::{_STACK}::" not in request.parent:
            kind = f"{request.parent.split('::')[2]}${kind}"
        urn = f"urn:pulumi:{self.project.stack}::{self.project.name}::{kind}::{request.name}"
        if urn in self._urns:
            raise ProvisioningError(
                f"{request.type} {request.name} is declared twice: give one of them another name"
            )
        self._urns.add(urn)
        return urn

    def _registration(self, request: Any, urn: str, properties: Any) -> Registration:
        given = Properties.decoded(properties)
        inputs = given.values
        label = f"{request.type} {request.name}"
        given_by = getattr(request, "propertyDependencies", {})
        sources = {name: tuple(found.urns) for name, found in given_by.items() if found.urns}
        for name, value in inputs.items():
            if has_unknown(value):
                told = _not_returned(sources.get(name, ()))
                raise ProvisioningError(f"{label}: {name} uses {told}")
        try:
            inputs = assets.from_pulumi(inputs, self.project.root)
        except (FileNotFoundError, ValueError) as error:
            raise ProvisioningError(f"{label}: {error}") from error
        options = getattr(request, "ignoreChanges", ())
        return Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            inputs=inputs,
            secrets=frozenset(given.secrets),
            hidden=frozenset(given.hidden),
            dependencies=tuple(dict.fromkeys([*request.dependencies, request.parent])),
            sources=sources,
            aliases=tuple(getattr(request, "aliasURNs", ())),
            ignore_changes=tuple(options),
            protect=bool(getattr(request, "protect", False)),
            retain_on_delete=bool(getattr(request, "retainOnDelete", False)),
        )

    def _check_provider(self, request: Any) -> None:
        given = Properties.decoded(request.object).values
        region = self.project.config.get("aws:region", REGION)
        if given.get("region", region) != region:
            raise ProvisioningError(f"{request.type} {request.name}: region must be {region}")
        extra = without_effect(given)
        if extra:
            raise ProvisioningError(
                f"{request.type} {request.name}: {', '.join(extra)} has no effect on the embedded "
                "AWS: leave it out, or set it on the resources themselves"
            )


def _not_returned(urns: Iterable[str]) -> str:
    """Names what an unknown value can only come from."""
    lists = []
    for urn in urns:
        _, _, types, name = urn.split("::", 3)
        kind = types.rsplit("$", 1)[-1]
        if kind in HANDLERS:
            absent = ", ".join(sorted(HANDLERS.handler(kind).schema.unsupported))
            lists.append(f"{kind} {name} (it does not return {absent})")
    return "a property that is not returned here" + (f", of {' or '.join(lists)}" if lists else "")


def _refuse_options(request: Any, registration: Registration) -> None:
    options = {
        "import_": request.importId,
        "transforms": request.transforms,
        "replace_on_changes": request.replaceOnChanges,
        "deleted_with": request.deletedWith,
        "hooks": request.hooks.ListFields(),
    }
    given = [name for name, value in options.items() if value]
    if given:
        raise ProvisioningError(
            f"{registration.label}: the resource option {given[0]} is not supported without the "
            "Pulumi CLI"
        )


def run_program(project: Project, driver: Driver) -> Monitor:
    """Runs `__main__.py` to its end. Raises ProvisioningError, or what the program raises.

    Runs in a thread of its own with a fresh context and loop, so that it can be called from
    anywhere, also inside a running loop. The working directory is the project's meanwhile.
    """
    if not project.program.exists():
        raise ProvisioningError(f"{project.root.name}/ has no __main__.py")
    monitor = Monitor(project, driver)
    failure: list[BaseException] = []

    def work() -> None:
        try:
            _run(project, monitor)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=contextvars.Context().run, args=(work,), name="pulumi")
    thread.start()
    try:
        thread.join()
    except BaseException:
        monitor.interrupted = True  # Ctrl-C: ends at the next resource, never within one
        thread.join()
        raise
    if monitor.errors:
        raise monitor.errors[0]
    if failure:
        raise failure[0]
    return monitor


def _run(project: Project, monitor: Monitor) -> None:
    pulumi.runtime.set_all_config(project.config, [])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=project.name,
            stack=project.stack,
            monitor=monitor,
            engine=monitor,
            dry_run=False,
            organization="organization",
            root_directory=str(project.root),
        )
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # a failure reaches every dependent output; it is reported once, by `run_program`
    loop.set_exception_handler(lambda *_: None)

    async def program() -> None:
        runpy.run_path(str(project.program), run_name="__main__")

    try:
        with _program_environment(project):
            loop.run_until_complete(pulumi_stack.run_in_stack(program))
    finally:
        _close(loop)


@contextmanager
def _program_environment(project: Project) -> Iterator[None]:
    """Working directory and import path of the program; `str(output)` raises instead of warning."""
    before, folder = os.getcwd(), str(project.program.parent)
    variable = "PULUMI_ERROR_OUTPUT_STRING"
    old = os.environ.get(variable)
    os.chdir(project.root)
    sys.path.insert(0, folder)
    os.environ[variable] = "1"
    try:
        yield
    finally:
        os.chdir(before)
        sys.path.remove(folder)
        os.environ.pop(variable) if old is None else os.environ.update({variable: old})


def _close(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    asyncio.set_event_loop(None)
