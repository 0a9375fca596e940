"""Runs the Pulumi CLI on a project against the embedded AWS, apart from the user's own Pulumi.

Everything it keeps is in one folder (build/pulumi): its home with the plugins, the passphrase of
secrets, and per embedded AWS the state of the stacks. The project's files stay as they are: the
encryption salt that the CLI wants in `Pulumi.<stack>.yaml` goes into a copy of it.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from embedded_aws.provider import plugin
from embedded_aws.provider.pulumi_cli import build, language_host
from embedded_aws.provider.resource import ProvisioningError

DEFAULT_STACK = "local"
_SALT = "encryptionsalt"
# variables that would lead the CLI to another account, backend or passphrase
_FOREIGN = ("AWS_", "PULUMI_")


@dataclass(frozen=True)
class Pulumi:
    """The CLI `binary` on the project in `root`; `home` is the folder of what it keeps."""

    binary: Path
    root: Path
    home: Path
    endpoint: str

    def prepared(self, arguments: Sequence[str]) -> dict[str, str]:
        """The environment for a command; its stack exists afterwards.

        Raises ProvisioningError for a stack without `Pulumi.<stack>.yaml`.
        """
        self._lay_out()
        stack = stack_of(arguments)
        environment = self.environment() | {"PULUMI_OPTION_STACK": stack}
        command = next((word for word in arguments if not word.startswith("-")), "")
        if command in ("", "stack", "version", "about"):
            return environment
        self._create_stack(stack)
        if command == "config":
            return environment  # edits the project's own file
        return environment | {"PULUMI_OPTION_CONFIG_FILE": str(self._configuration(stack))}

    def environment(self) -> dict[str, str]:
        """Variables that keep the CLI off downloads and off the user's own Pulumi and AWS."""
        kept = {k: value for k, value in os.environ.items() if not k.startswith(_FOREIGN)}
        return kept | {
            "PATH": f"{self._hosts}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "PULUMI_HOME": str(self.home / "home"),
            "PULUMI_BACKEND_URL": f"file://{self._place / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.home / "passphrase"),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_OPTION_PRESERVE_CONFIG": "true",  # `stack rm` leaves the project's file
            plugin.ENDPOINT: self.endpoint,
        }

    @property
    def _place(self) -> Path:
        return self.home / re.sub(r"\W+", "-", self.endpoint.partition("://")[2])

    @property
    def _hosts(self) -> Path:
        """Where the CLI finds the language host: beside our build of it, or first on the PATH."""
        return self.binary.parent if self.binary == build.built() else self.home / "bin"

    def _lay_out(self) -> None:
        """Folders, plugins and passphrase; what is there already stays."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._place / "state").mkdir(parents=True, exist_ok=True)
        (self._place / "project").mkdir(exist_ok=True)
        plugins = self.home / "home" / "plugins" / f"resource-aws-v{plugin.sdk_version()}"
        plugins.mkdir(parents=True, exist_ok=True)
        _write_launcher(plugins / "pulumi-resource-aws", plugin.__name__)
        self._hosts.mkdir(exist_ok=True)
        _write_launcher(self._hosts / "pulumi-language-python", language_host.__name__)
        passphrase = self.home / "passphrase"
        if not passphrase.exists():
            passphrase.touch(mode=0o600)
            passphrase.write_text(secrets.token_urlsafe(32))

    def _create_stack(self, stack: str) -> None:
        """In a folder of its own, where the CLI may write the salt of a new stack."""
        if not (self.root / f"Pulumi.{stack}.yaml").exists():
            raise ProvisioningError(f"there is no stack {stack}: Pulumi.{stack}.yaml is missing")
        project = self._place / "project"
        description = (self.root / "Pulumi.yaml").read_bytes()
        (project / "Pulumi.yaml").write_bytes(description)
        name = _mapping(self.root / "Pulumi.yaml")["name"]
        if (self._place / "state" / ".pulumi" / "stacks" / name / f"{stack}.json").exists():
            return
        subprocess.run(
            [self.binary, "stack", "init", stack, "--no-select", "--non-interactive"],
            cwd=project,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _configuration(self, stack: str) -> Path:
        """The stack's configuration with an encryption salt."""
        values = _mapping(self.root / f"Pulumi.{stack}.yaml")
        created = _mapping(self._place / "project" / f"Pulumi.{stack}.yaml")
        copy = self._place / f"Pulumi.{stack}.yaml"
        copy.write_text(yaml.safe_dump({_SALT: created[_SALT], **values}))
        return copy


def stack_of(arguments: Sequence[str]) -> str:
    """The stack that a command line names, `local` where it names none."""
    for number, word in enumerate(arguments):
        if word in ("-s", "--stack") and number + 1 < len(arguments):
            return arguments[number + 1]
        if word.startswith("--stack="):
            return word.partition("=")[2]
    return DEFAULT_STACK


def _write_launcher(path: Path, module: str) -> None:
    """A program for the CLI that runs a module with this interpreter."""
    text = f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n'
    if not path.exists() or path.read_text() != text:
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(text)
        draft.chmod(0o755)
        draft.replace(path)


def _mapping(path: Path) -> Mapping[str, Any]:
    found = yaml.safe_load(path.read_text())
    return found if isinstance(found, dict) else {}
