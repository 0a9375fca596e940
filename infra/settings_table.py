"""Generates docs/settings.md from the code: `python -m infra.settings_table` writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from infra.settings import KEY, PROJECT, Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "settings.md"
STACKS = ("local", "dev", "staging", "prod")

INTRODUCTION = f"""# Settings

A stack's settings lie in `Pulumi.<stack>.yaml` under `{PROJECT}:{KEY}`, in the sections below.
They are validated before any resource exists; an unknown name is refused. A new stack is a copy
of another stack's file. One value is changed by

    pulumi config set --path '{KEY}.enrichment.max_concurrent_postings' 10

This page is generated from `infra/settings.py` and the stack files by
`python -m infra.settings_table`.
"""


def page(root: Path = ROOT) -> str:
    """The text of docs/settings.md: one table per section."""
    chosen = {stack: _chosen(root, stack) for stack in STACKS}
    sections = [
        _section(name, field, chosen)
        for name, field in Settings.model_fields.items()
        if not field.exclude
    ]
    return "\n".join([INTRODUCTION, *sections])


def _chosen(root: Path, stack: str) -> dict[str, Any]:
    """What a stack's file sets, by dotted name."""
    config = yaml.safe_load((root / f"Pulumi.{stack}.yaml").read_text())["config"]
    return dict(_flat(config[f"{PROJECT}:{KEY}"], ""))


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and f"{prefix}{name}" not in DATA:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


# Settings whose keys are names, not settings.
DATA = ("enrichment.models", "enrichment.profile_regions")


def _section(name: str, field: FieldInfo, chosen: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        f"| `{dotted}` | {_allowed(setting)} | {_default(setting)} "
        f"| {_by_stack(dotted, chosen)} | {setting.description} |"
        for dotted, setting in _settings(name, field)
    ]
    head = "| setting | allowed | default | set by | what it does |\n|---|---|---|---|---|"
    return "\n".join([f"## {name}: {_lower(field.description or '')}\n", head, *rows, ""])


def _settings(name: str, field: FieldInfo) -> Iterator[tuple[str, FieldInfo]]:
    section = field.annotation
    if isinstance(section, type) and issubclass(section, BaseModel):
        for inner, setting in section.model_fields.items():
            yield from _settings(f"{name}.{inner}", setting)
    else:
        yield name, field


def _allowed(setting: FieldInfo) -> str:
    annotation = setting.annotation
    if get_origin(annotation) is Literal:
        return ", ".join(_code(value) for value in get_args(annotation))
    bounds = {type(rule).__name__: rule for rule in setting.metadata}
    if "Ge" in bounds and "Le" in bounds:
        return f"{bounds['Ge'].ge} to {bounds['Le'].le}"
    if "Gt" in bounds:
        return f"above {bounds['Gt'].gt}"
    if annotation is bool:
        return "`true`, `false`"
    if get_origin(annotation) is list:
        return "list"
    return "map" if get_origin(annotation) is dict else "text"


def _default(setting: FieldInfo) -> str:
    if setting.is_required():
        return "none: must be set"
    return _code(setting.get_default(call_default_factory=True, validated_data={}))


def _by_stack(dotted: str, chosen: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{stack} {_code(values[dotted])}" for stack, values in chosen.items() if dotted in values
    )


def _code(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        if len(set(map(str, value.values()))) == 1 and len(value) > 1:
            return f"`{next(iter(value.values()))}` for each"
        return ", ".join(f"{key} {_code(entry)}" for key, entry in value.items()) or "empty"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(_code(entry) for entry in value) or "empty"
    return f"`{value}`"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


if __name__ == "__main__":
    PAGE.write_text(page())
