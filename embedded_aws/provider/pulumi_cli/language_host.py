"""The Pulumi CLI's plugin for Python programs; the CLI's own one exists as a binary only.

Each run of the program is a process of its own (`program.py`) with this interpreter, which has the
SDK and the project installed: `dej pulumi` is started from the project's virtual environment.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from embedded_aws.provider.pulumi_cli import program
from embedded_aws.provider.pulumi_cli.process import serve


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """`engine` is the address of the CLI's engine, to which programs log."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.GetRequiredPackagesResponse(packages=list(_packages()))

    def InstallDependencies(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing: the environment is there, or this process would not run."""
        return iter(())

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.AboutResponse(
            executable=sys.executable, version=platform.python_version()
        )

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = [
            language_pb2.DependencyInfo(name=package.metadata["Name"], version=package.version)
            for package in metadata.distributions()
        ]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Runs the program to its end; ends it when the CLI gives up waiting."""
        folder = Path(request.info.program_directory)
        run = program.Run(
            program=str(folder / request.info.entry_point / "__main__.py"),
            root=request.info.root_directory,
            folder=request.pwd,
            project=request.project,
            stack=request.stack,
            organization=request.organization,
            monitor=request.monitor_address,
            engine=self._engine,
            parallel=request.parallel,
            preview=request.dryRun,
            config=dict(request.config),
            secret_keys=list(request.configSecretKeys),
        )
        code = _finished(run, context)
        if code == 0:
            return language_pb2.RunResponse()
        if code == program.TOLD:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program ended with exit code {code}")

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing: the CLI cancels the run itself, which ends the program."""
        return empty_pb2.Empty()


def _finished(run: program.Run, context: Any) -> int:
    """Exit code of the program; a session of its own keeps the CLI's interrupts away from it."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", program.__name__],
        cwd=run.folder,
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    context.add_callback(process.terminate)
    process.communicate(run.to_json())
    return process.returncode


def _packages() -> Iterator[Any]:
    """The resource plugins that installed SDKs are for."""
    for package in metadata.distributions():
        for file in package.files or []:
            if file.name == "pulumi-plugin.json":
                about = json.loads(file.read_text())
                if about.get("resource"):
                    yield plugin_pb2.PackageDependency(
                        name=about["name"], kind="resource", version=f"v{about['version']}"
                    )


def main() -> None:
    """Started by the CLI with the address of its engine as the last argument."""
    host = LanguageHost(sys.argv[-1])
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()
