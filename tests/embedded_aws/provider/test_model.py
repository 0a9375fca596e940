"""Random declarations, drift and failures, applied to a cloud that is a dict.

The model is the dict of what is declared. After every successful apply the cloud equals it; after
a failed one nothing exists that the state does not know; after destroy nothing exists.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import ProvisioningError, deploy, state
from embedded_aws.provider.clients import Clients
from embedded_aws.provider.fields import integer, string
from embedded_aws.provider.monitor import Registration
from embedded_aws.provider.registry import Registry
from embedded_aws.provider.resource import Handler, Values, completing
from embedded_aws.provider.schema import schema

NAMES = st.sampled_from(["a", "b", "c"])
PROGRAMS = st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {
            "color": st.sampled_from(["red", "green"]),
            "size": st.integers(1, 3),
            "password": st.sampled_from(["secret-1", "secret-2"]),
            "child": st.booleans(),
        }
    ),
)
TOKEN = "test:cloud/thing:Thing"


class Cloud:
    """Things by name; a thing cannot go while another names it as its parent."""

    def __init__(self) -> None:
        self.things: dict[str, Values] = {}
        self.calls_until_failure: int | None = None

    def call(self) -> None:
        if self.calls_until_failure is not None:
            self.calls_until_failure -= 1
            if self.calls_until_failure < 0:
                raise ProvisioningError("the cloud is down")


class Thing(Handler):
    schema = schema(
        TOKEN,
        "{name}",
        {
            "name": string(required=True, create_only=True),
            "color": string(required=True, create_only=True),
            "size": integer(required=True),
            "parent": string(create_only=True),
            "password": string(write_only=True),
        },
    )

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def create(self, aws: Clients, inputs: Values) -> str:
        self.cloud.call()
        name = str(inputs["name"])
        if inputs.get("parent") and inputs["parent"] not in self.cloud.things:
            raise ProvisioningError("no such parent")
        self.cloud.things[name] = {**inputs, "size": 0}
        with completing(name):
            self.update(aws, name, {}, inputs)
        return name

    def read(self, aws: Clients, id: str) -> Values | None:
        found = self.cloud.things.get(id)
        return None if found is None else {k: v for k, v in found.items() if k != "password"}

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        self.cloud.call()
        self.cloud.things[id] = dict(new)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        self.cloud.call()
        children = [name for name, thing in self.cloud.things.items() if thing.get("parent") == id]
        if id in self.cloud.things and children:
            raise AssertionError(f"{id} deleted before {children}")
        self.cloud.things.pop(id, None)


class Deployments(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cloud = Cloud()
        self.declared: dict[str, Values] = {}
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "state.json"
        self.settled = True

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(program=PROGRAMS)
    def begin(self, program: dict[str, Values]) -> None:
        self.write(program)

    @rule(program=PROGRAMS)
    def write(self, program: dict[str, Values]) -> None:
        """Another program; only where a is declared can it be the parent of the others."""
        for name, thing in program.items():
            thing["name"] = name
            if thing.pop("child") and name != "a" and "a" in program:
                thing["parent"] = "a"
        self.declared = program
        self.settled = False

    @rule(name=NAMES, gone=st.booleans())
    def drift(self, name: str, gone: bool) -> None:
        """Somebody deletes a thing, or changes its size, behind the provider's back."""
        children = any(thing.get("parent") == name for thing in self.cloud.things.values())
        if name not in self.cloud.things or (gone and children):
            return
        if gone:
            del self.cloud.things[name]
        else:
            self.cloud.things[name]["size"] = 99
        self.settled = False

    @rule()
    def apply(self) -> None:
        applied = self._run(self._apply)
        again = self._run(self._apply)
        assert again.changed == [], "the second apply changes something"
        assert len(applied.changes) >= len(self.declared)
        self.settled = True

    @rule(calls=st.integers(0, 4))
    def apply_while_the_cloud_goes_down(self, calls: int) -> None:
        self.cloud.calls_until_failure = calls
        self.settled = False
        with contextlib.suppress(ProvisioningError):
            self._run(self._apply)
            self.settled = True
        self.cloud.calls_until_failure = None

    @precondition(lambda self: self.file.exists())
    @rule()
    def destroy(self) -> None:
        self._run(lambda run: run.delete([*run.state.entries.values(), *run.state.replaced]))
        assert self.cloud.things == {}
        self.declared = {}
        self.settled = True

    @invariant()
    def cloud_is_what_was_declared(self) -> None:
        if self.settled:
            shown = {
                name: {key: value for key, value in thing.items() if key != "region"}
                for name, thing in self.cloud.things.items()
            }
            assert shown == self.declared

    @invariant()
    def state_knows_everything_that_exists(self) -> None:
        known = state.load(self.file, "local")
        ids = {entry.id for entry in [*known.entries.values(), *known.replaced]}
        assert set(self.cloud.things) <= ids

    @invariant()
    def state_holds_no_secret(self) -> None:
        assert not self.file.exists() or "secret-" not in self.file.read_text()

    def _run(self, work: Callable[[deploy.Deployment], object]) -> deploy.Applied:
        saved = state.load(self.file, "local")
        aws = Clients(Endpoint("http://127.0.0.1:9"))
        registry = Registry([Thing(self.cloud)], [])
        run = deploy.Deployment(aws, saved, deploy.ignore, registry)
        work(run)
        return deploy.Applied(run.changes)

    def _apply(self, run: deploy.Deployment) -> None:
        for name in sorted(self.declared):
            inputs = self.declared[name]
            parents = [_urn(inputs["parent"])] if inputs.get("parent") else []
            run.register(
                Registration(
                    urn=_urn(name),
                    type=TOKEN,
                    name=name,
                    inputs=dict(inputs),
                    secrets=frozenset({"password"}),
                    hidden=frozenset({str(inputs["password"])}),
                    dependencies=tuple(parents),
                    sources={"parent": tuple(parents)} if parents else {},
                )
            )
        run.delete_leftovers()


def _urn(name: str) -> str:
    return f"urn:pulumi:local::test::{TOKEN}::{name}"


TestDeployments = cast(Any, Deployments).TestCase
TestDeployments.settings = settings(max_examples=50, stateful_step_count=15, deadline=None)
TestDeployments.pytestmark = pytest.mark.timeout(120)
