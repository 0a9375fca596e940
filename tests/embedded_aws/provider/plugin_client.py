"""The provider protocol over gRPC, as the Pulumi CLI speaks it, for tests without the CLI."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from embedded_aws.provider import plugin
from embedded_aws.provider.resource import Values

UNKNOWN = rpc.UNKNOWN
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"


def secret(value: Any) -> Values:
    return {SIGNATURE: SECRET, "value": value}


def struct(values: Values) -> Any:
    found = struct_pb2.Struct()
    json_format.ParseDict(values, found)
    return found


def plain(found: Any) -> Values:
    values: Values = json_format.MessageToDict(found)
    return values


@dataclass
class Cli:
    """What the CLI does with one resource, in its words; `state` is (id, inputs, outputs)."""

    stub: Any

    def check(self, token: str, inputs: Values, name: str = "it") -> Any:
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn(token, name), type=token, name=name, news=struct(inputs)
            )
        )

    def checked(self, token: str, inputs: Values, name: str = "it") -> Values:
        answer = self.check(token, inputs, name)
        assert not answer.failures
        return plain(answer.inputs)

    def diff(self, token: str, id: str, old: Values, new: Values) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=id,
                urn=urn(token),
                type=token,
                old_inputs=struct(elided(old)),
                olds=struct(elided(old)),
                news=struct(elided(new)),
            )
        )

    def create(self, token: str, inputs: Values, preview: bool = False) -> tuple[str, Values]:
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(token), type=token, properties=struct(inputs), preview=preview
            )
        )
        return answer.id, plain(answer.properties)

    def read(self, token: str, id: str, inputs: Values, outputs: Values) -> Any:
        return self.stub.Read(
            provider_pb2.ReadRequest(
                id=id,
                urn=urn(token),
                type=token,
                inputs=struct(elided(inputs)),
                properties=struct(elided(outputs)),
            )
        )

    def update(
        self, token: str, id: str, outputs: Values, new: Values, preview: bool = False
    ) -> Values:
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=id,
                urn=urn(token),
                type=token,
                olds=struct(outputs),
                news=struct(new),
                preview=preview,
            )
        )
        return plain(answer.properties)

    def delete(self, token: str, id: str, inputs: Values) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=id, urn=urn(token), type=token, old_inputs=struct(elided(inputs))
            )
        )


def elided(inputs: Values) -> Values:
    """The CLI sends what was before without the contents of files."""
    return {
        name: {k: v for k, v in value.items() if k in (SIGNATURE, "hash")}
        if isinstance(value, dict) and value.get(SIGNATURE) in (ASSET, ARCHIVE)
        else value
        for name, value in inputs.items()
    }


def urn(token: str, name: str = "it") -> str:
    return f"urn:pulumi:local::tests::{token}::{name}"


@contextmanager
def served(url: str, root: Path) -> Iterator[Any]:
    """A stub of a plugin on a port of its own."""
    server = grpc.server(ThreadPoolExecutor(4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin.Plugin(url, root), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        server.stop(None).wait()
