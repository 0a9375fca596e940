"""Stack configuration as the Pulumi CLI reads it: Pulumi.yaml and Pulumi.<stack>.yaml."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from embedded_aws.provider.resource import ProvisioningError

_WITHOUT_EFFECT = {"aws:defaultTags", "aws:ignoreTags"}
_PROVIDER_INPUTS = {"region", "version", "skipCredentialsValidation", "skipRegionValidation"}


@dataclass(frozen=True)
class Project:
    """A Pulumi project: its name, where it is, the program, one stack's configuration as text."""

    name: str
    root: Path
    program: Path
    stack: str
    config: dict[str, str]


def load_project(root: Path, stack: str) -> Project:
    """Raises ProvisioningError for a missing or unreadable file and for encrypted values."""
    root = root.resolve()
    settings = _read(root / "Pulumi.yaml")
    stack_file = root / f"Pulumi.{stack}.yaml"
    if not stack_file.exists():
        stacks = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
        raise ProvisioningError(
            f"there is no stack {stack}: {stack_file.name} does not exist "
            f"(stacks: {', '.join(stacks) or 'none'})"
        )
    name = settings.get("name")
    if not isinstance(name, str):
        raise ProvisioningError("Pulumi.yaml: name is missing")
    program = root / str(settings.get("main", ".")) / "__main__.py"
    values = _defaults(settings.get("config") or {}) | (_read(stack_file).get("config") or {})
    config = {_qualified(key, name): _text(key, value, stack_file) for key, value in values.items()}
    for key in _WITHOUT_EFFECT & set(config):
        raise ProvisioningError(
            f"{stack_file.name}: {key} has no effect on the embedded AWS: tag the resources "
            "themselves"
        )
    return Project(name, root, program, stack, config)


def without_effect(provider_inputs: Collection[str]) -> list[str]:
    """Inputs of an `aws.Provider` that the embedded AWS does not follow."""
    return sorted(
        name
        for name in provider_inputs
        if name not in _PROVIDER_INPUTS and not name.startswith("__")
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise ProvisioningError(f"{path.name} does not exist in {path.parent.name}/") from error
    except yaml.YAMLError as error:
        raise ProvisioningError(f"{path.name} is not valid YAML: {error}") from error
    if not isinstance(data or {}, dict):
        raise ProvisioningError(f"{path.name} must hold a mapping")
    return data or {}


def _defaults(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The project's own values: `key: value`, `key: {value: …}` or `key: {default: …}`."""
    result = {}
    for key, entry in declared.items():
        if not isinstance(entry, dict):
            result[key] = entry
        elif "value" in entry or "default" in entry:
            result[key] = entry.get("value", entry.get("default"))
    return result


def _qualified(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _text(key: str, value: Any, source: Path) -> str:
    if isinstance(value, dict) and set(value) == {"secure"}:
        raise ProvisioningError(
            f"{source.name}: {key} is encrypted, which only the Pulumi CLI can read; "
            "give a stack of the embedded AWS a plain value and mark it secret in the program"
        )
    return value if isinstance(value, str) else json.dumps(value)
