"""The language host runs a program against a monitor, without the CLI."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from cli.local_server import alive
from embedded_aws.provider import plugin
from embedded_aws.provider.clients import wait_until
from embedded_aws.provider.pulumi_cli.language_host import LanguageHost


class FakeCli(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Monitor and engine that write down what they hear."""

    def __init__(self) -> None:
        self.outputs: dict[str, Any] = {}
        self.logged: list[str] = []

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        features = [resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS]
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        return resource_pb2.RegisterResourceResponse(urn=f"urn:{request.name}")

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.outputs = dict(request.outputs.items())
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.severity != engine_pb2.DEBUG:
            self.logged.append(request.message)
        return empty_pb2.Empty()


class Rig:
    """A language host with a CLI that is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cli = FakeCli()
        self.server = grpc.server(ThreadPoolExecutor(8))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self.cli, self.server)
        engine_pb2_grpc.add_EngineServicer_to_server(self.cli, self.server)
        self.address = self._listen()
        host = LanguageHost(self.address)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, self.server)
        self.server.start()
        self.channel = grpc.insecure_channel(self.address)
        self.stub = language_pb2_grpc.LanguageRuntimeStub(self.channel)

    def _listen(self) -> str:
        return f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"

    def run(self, program: str) -> Any:
        return self.begin(program).result(60)

    def begin(self, program: str) -> Any:
        """The call of the CLI as a future."""
        (self.folder / "__main__.py").write_text("import pulumi\n" + dedent(program))
        where = language_pb2.ProgramInfo(
            root_directory=str(self.folder), program_directory=str(self.folder), entry_point="."
        )
        request = language_pb2.RunRequest(
            info=where,
            pwd=str(self.folder),
            project="tests",
            stack="local",
            monitor_address=self.address,
            parallel=2,
            dryRun=True,
            config={"tests:word": "hunter2", "tests:open": "shown"},
            configSecretKeys=["tests:word"],
        )
        return self.stub.Run.future(request)

    def close(self) -> None:
        self.channel.close()
        self.server.stop(None).wait()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_program_gets_configuration_and_returns_outputs(rig: Rig) -> None:
    (rig.folder / "beside.py").write_text("ANSWER = 42\n")
    answer = rig.run("""
        from beside import ANSWER

        config = pulumi.Config()
        pulumi.export("open", config.require("open"))
        pulumi.export("facts", [ANSWER, pulumi.get_stack(), pulumi.runtime.is_dry_run()])
    """)
    assert (answer.error, answer.bail, rig.cli.logged) == ("", False, [])
    assert rig.cli.outputs["open"] == "shown"
    assert list(rig.cli.outputs["facts"]) == [42, "local", True]


def test_error_for_the_user_is_told_once_without_traceback(rig: Rig) -> None:
    answer = rig.run('raise pulumi.RunError("settings are wrong")')
    assert (answer.error, answer.bail) == ("", True)
    assert rig.cli.logged == ["settings are wrong"]


def test_traceback_begins_in_the_program(rig: Rig) -> None:
    answer = rig.run("""
        def share(total):
            return total / 0

        share(1)
    """)
    assert answer.bail
    (told,) = rig.cli.logged
    first, second = told.splitlines()[:2]
    assert first == "the program failed:"
    assert second.endswith('__main__.py", line 6, in <module>')
    assert told.endswith("ZeroDivisionError: division by zero")


def test_exit_code_of_a_program_that_ends_itself(rig: Rig) -> None:
    answer = rig.run("import os; os._exit(3)")
    assert answer.error == "the program ended with exit code 3"


def test_program_ends_when_the_cli_gives_up(rig: Rig) -> None:
    mark = rig.folder / "pid"
    call = rig.begin(f"""
        import os, pathlib, time

        pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))
        time.sleep(600)
    """)
    wait_until("start of the program", lambda: mark.exists() and mark.read_text() != "")
    pid = int(mark.read_text())
    assert alive(pid)
    call.cancel()
    wait_until("end of the program", lambda: not alive(pid))


def test_names_the_plugins_that_programs_need() -> None:
    host = LanguageHost("127.0.0.1:1")
    answer = host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(), None)
    found = {(package.name, package.version) for package in answer.packages}
    assert ("aws", f"v{plugin.sdk_version()}") in found
