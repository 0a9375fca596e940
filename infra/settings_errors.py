"""Turns pydantic's errors into sentences that name the field and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError


class SettingsError(ValueError):
    """The settings of a stack cannot be used. `problems` holds one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def sentences(stack: str, error: ValidationError, root: type[BaseModel]) -> list[str]:
    """One sentence per error, each beginning with the stack's file."""
    return [
        f"Pulumi.{stack}.yaml: {_sentence(dict(detail), root)}"
        for detail in error.errors(include_url=False)
    ]


def _sentence(detail: dict[str, Any], root: type[BaseModel]) -> str:
    path: tuple[int | str, ...] = detail["loc"]
    field = ".".join(str(part) for part in path)
    if detail["type"] == "extra_forbidden":
        return f"{field} is not a setting; {_did_you_mean(path, root)}"
    if detail["type"] == "missing":
        return f"{field} is missing; set it"
    if detail["type"] == "value_error":
        reason = str(detail["ctx"]["error"])
        return f"{field}: {reason}" if field else reason
    return f"{field} is {detail['input']!r}; {_requirement(detail)}"


def _requirement(detail: dict[str, Any]) -> str:
    message: str = detail["msg"]
    return message.replace("Input should", "it should")


def _did_you_mean(path: tuple[int | str, ...], root: type[BaseModel]) -> str:
    known = _fields_at(path[:-1], root)
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    return f"did you mean {near[0]}?" if near else f"remove it or use one of {', '.join(known)}"


def _fields_at(path: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    for part in path:
        section = model.model_fields[str(part)].annotation
        assert isinstance(section, type)
        assert issubclass(section, BaseModel)
        model = section
    return [name for name, field in model.model_fields.items() if not field.exclude]
