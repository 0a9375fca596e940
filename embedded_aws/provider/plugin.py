"""The resource handlers as a plugin of the Pulumi CLI: its provider protocol, for the embedded AWS.

The CLI keeps the state, orders the operations and shows the differences; a handler decides as it
does without the CLI. Methods in capitals are Pulumi's protocol.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from embedded_aws.endpoint import Endpoint
from embedded_aws.provider import plugin_results as results
from embedded_aws.provider import secrecy
from embedded_aws.provider.aws import HANDLERS, lookups
from embedded_aws.provider.clients import Clients
from embedded_aws.provider.config import without_effect
from embedded_aws.provider.plugin_diff import detailed
from embedded_aws.provider.plugin_schema import package_schema
from embedded_aws.provider.plugin_values import DIGESTS, Bag, digests
from embedded_aws.provider.pulumi_cli.process import serve
from embedded_aws.provider.resource import (
    CheckFailure,
    HalfCreated,
    Handler,
    ProvisioningError,
    Values,
    settled,
)
from embedded_aws.provider.wire import Properties, has_unknown, to_struct

ENDPOINT = "AWS_ENDPOINT_URL"


def sdk_version() -> str:
    """Version of the SDK `pulumi_aws`, whose provider this plugin stands for."""
    about = json.loads((files("pulumi_aws") / "pulumi-plugin.json").read_text())
    return str(about["version"])


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """`root` is the folder that paths of files are relative to; calls come on many threads."""

    def __init__(self, endpoint_url: str, root: Path) -> None:
        self._aws = Clients(Endpoint(endpoint_url))
        self._root = root
        self._names: dict[tuple[str, str], str] = {}
        self._cancelled = threading.Event()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=sdk_version())

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        schema = package_schema(HANDLERS, sdk_version())
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        refused = [
            CheckFailure(name, "has no effect on the embedded AWS: leave it out")
            for name in without_effect(Properties.decoded(request.news).values)
        ]
        return _checked(request.news, refused)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        old, new = (Properties.decoded(bag).values for bag in (request.old_inputs, request.news))
        same = old.get("region") == new.get("region")
        return provider_pb2.DiffResponse(changes=_CHANGES.DIFF_NONE if same else _CHANGES.DIFF_SOME)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        url = self._aws.endpoint.url
        if not url:
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"{ENDPOINT} is not set: this provider serves the embedded AWS only, "
                "start the CLI with `dej pulumi`",
            )
        region = Properties.decoded(request.args).values.get("region")
        self._aws = Clients(Endpoint(url, region) if region else Endpoint(url))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        with self._failures(context):
            handler = HANDLERS.handler(request.type)
            given = Bag.wanted(request.news, self._root)
            # relations between properties are judged when all of them are known
            judge = handler.schema if has_unknown(given.values) else handler
            checked = judge.check(given.values, self._aws.place)
            failures = checked.failures or self._clashes(handler, checked.inputs, request.urn)
        if _name_holds(handler, checked.inputs, given.hidden):
            failures = [*failures, CheckFailure(_name_of(handler), "holds a secret")]
        return _checked(given.struct(checked.inputs), failures)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        handler = HANDLERS.handler(request.type)
        old, new = Bag.recorded(request.old_inputs), Bag.recorded(request.news)
        diff = handler.diff(old.values, new.values)
        same_id = self._expected_id(handler, new.values, request.urn) == request.id
        return provider_pb2.DiffResponse(
            changes=_CHANGES.DIFF_SOME if diff else _CHANGES.DIFF_NONE,
            replaces=_tops(change.property for change in diff.changes if change.replaces),
            diffs=_tops(diff.properties),
            detailedDiff=detailed(diff, old.values, new.values, old.secrets | new.secrets),
            hasDetailedDiff=True,
            deleteBeforeReplace=diff.replaces and same_id,
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        handler = HANDLERS.handler(request.type)
        with self._failures(context):
            wanted = Bag.wanted(request.properties, self._root)
        if request.preview:
            outputs = results.before_creation(handler, wanted.values)
            return provider_pb2.CreateResponse(properties=wanted.struct(outputs))
        self._refuse_cancelled(context)
        with self._failures(context, wanted):
            self._refuse_existing(handler, wanted.values, request.urn)
            try:
                id = handler.create(self._aws, wanted.values)
            except HalfCreated as half:
                self._incomplete(context, half.id, wanted, half.__cause__ or half)
        try:
            live = settled(handler, self._aws, id, wanted.values)
        except secrecy.FAILURES as error:
            self._incomplete(context, id, wanted, error)
        return provider_pb2.CreateResponse(id=id, properties=_outputs(wanted, live))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Drift shows as inputs that are what the resource is; no id: the resource is gone."""
        inputs = Bag.recorded(request.inputs)
        outputs = Bag.recorded(request.properties)
        with self._failures(context, inputs):
            handler = HANDLERS.handler(request.type)
            live = handler.read(self._aws, request.id)
        if live is None:
            return provider_pb2.ReadResponse()
        found = results.inputs_as_they_are(handler, inputs.values, outputs.values, live)
        kept = {name: outputs.values[name] for name in (DIGESTS,) if name in outputs.values}
        return provider_pb2.ReadResponse(
            id=request.id,
            inputs=inputs.struct(found),
            properties=inputs.struct({**found, **results.given(live), **kept}),
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        handler = HANDLERS.handler(request.type)
        with self._failures(context):
            wanted = Bag.wanted(request.news, self._root)
        if request.preview:
            outputs = results.before_update(
                handler,
                request.id,
                Bag.recorded(request.olds).values,
                wanted.values,
                self._aws.place,
            )
            return provider_pb2.UpdateResponse(properties=wanted.struct(outputs))
        self._refuse_cancelled(context)
        with self._failures(context, wanted):
            live = handler.read(self._aws, request.id)
            if live is None:
                raise ProvisioningError(f"{request.id} is gone: refresh first")
            handler.update(self._aws, request.id, live, wanted.values)
            live = settled(handler, self._aws, request.id, wanted.values)
        return provider_pb2.UpdateResponse(properties=_outputs(wanted, live))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._refuse_cancelled(context)
        inputs = Bag.recorded(request.old_inputs)
        with self._failures(context, inputs):
            handler = HANDLERS.handler(request.type)
            handler.delete(self._aws, request.id, inputs.values)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        arguments = Properties.decoded(request.args).values
        if has_unknown(arguments):
            return provider_pb2.InvokeResponse()
        with self._failures(context):
            found = lookups.invoke(request.tok, arguments, self._aws.place)
        return provider_pb2.InvokeResponse(**{"return": to_struct(found)})

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """What has begun ends as it would; nothing begins any more."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def _clashes(self, handler: Handler, inputs: Values, urn: str) -> list[CheckFailure]:
        """Two resources with one physical name would overwrite each other without a word."""
        id = self._expected_id(handler, inputs, urn)
        owner = self._names.setdefault((handler.schema.family, id), urn) if id else urn
        if owner == urn:
            return []
        taken = f"is already taken by {owner.split('::')[-1]}: rename one"
        return [CheckFailure(_name_of(handler), taken)]

    def _expected_id(self, handler: Handler, inputs: Values, urn: str) -> str:
        """The id that a resource with these inputs gets, empty where only AWS knows."""
        if handler.schema.generated_id or has_unknown(inputs):
            return ""
        return handler.schema.placeholders(inputs, self._aws.place, urn)[0]

    def _refuse_existing(self, handler: Handler, inputs: Values, urn: str) -> None:
        id = self._expected_id(handler, inputs, urn)
        if id and not handler.schema.setting and handler.read(self._aws, id) is not None:
            raise ProvisioningError(
                f"{id} exists already and does not belong to this stack: delete it, import it "
                "or choose another name"
            )

    def _refuse_cancelled(self, context: Any) -> None:
        if self._cancelled.is_set():
            context.abort(grpc.StatusCode.CANCELLED, "interrupted before it began")

    def _incomplete(self, context: Any, id: str, wanted: Bag, cause: BaseException) -> NoReturn:
        """Tells the CLI that the resource exists, so that the next update completes it."""
        error = cause if isinstance(cause, Exception) else Exception(str(cause))
        message = self._told(error, wanted)
        details = provider_pb2.ErrorResourceInitFailed(
            id=id, properties=wanted.struct(wanted.values), reasons=[message]
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
        status.details.add().Pack(details)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, message)
        raise AssertionError("abort raises")

    def _told(self, error: Exception, bag: Bag | None) -> str:
        secrets, hidden = (bag.secrets, bag.hidden) if bag else (frozenset(), frozenset())
        return secrecy.told(error, self._aws.endpoint.url, secrets, hidden)

    @contextmanager
    def _failures(self, context: Any, bag: Bag | None = None) -> Iterator[None]:
        """A failure is one sentence without secrets; the CLI adds the resource."""
        try:
            yield
        except (*secrecy.FAILURES, ValueError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, self._told(error, bag))


_CHANGES = provider_pb2.DiffResponse


def _checked(inputs: Any, failures: list[CheckFailure]) -> Any:
    told = [provider_pb2.CheckFailure(property=f.property, reason=f.reason) for f in failures]
    return provider_pb2.CheckResponse(inputs=inputs, failures=told)


def _name_of(handler: Handler) -> str:
    """The input that holds the physical name: the last one in the template of the id."""
    return _names_in_id(handler)[-1]


def _name_holds(handler: Handler, inputs: Values, hidden: frozenset[str]) -> bool:
    names = [inputs.get(name) for name in _names_in_id(handler)]
    return any(text in name for name in names if isinstance(name, str) for text in hidden)


def _names_in_id(handler: Handler) -> list[str]:
    return [str(name) for name in re.findall(r"{(\w+)}", handler.schema.id)]


def _tops(paths: Any) -> list[str]:
    """Names of the first level, each once."""
    return list(dict.fromkeys(path.split(".")[0] for path in paths))


def _outputs(wanted: Bag, live: Values) -> Any:
    return wanted.struct({**wanted.values, **results.given(live), DIGESTS: digests(wanted.values)})


def main() -> None:
    """Serves the endpoint in AWS_ENDPOINT_URL until the CLI ends the process."""
    plugin = Plugin(os.environ.get(ENDPOINT, ""), Path.cwd())
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server))


if __name__ == "__main__":
    main()
