"""Warnings: what was changed in an answer, each as `path: reason`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Warn = Callable[[str, str], None]  # path, reason

_QUOTED = 60  # characters of a given value that a warning repeats


@dataclass
class Warnings:
    """Reasons in their order, and the fields that the answer lacked."""

    reasons: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def __call__(self, path: str, reason: str) -> None:
        self.reasons.append(f"{path}: {reason}")

    def lacks(self, path: str, instead: Any) -> None:
        """Records a missing field."""
        self.missing.append(path)
        self(path, f"was missing, {shown(instead)} instead")


def join(path: str, name: str) -> str:
    """The path of a member."""
    return f"{path}.{name}" if path else name


def quote(given: Any) -> str:
    """A given value, of any length and content, short and on one printable line."""
    text = given if isinstance(given, str) else repr(given)
    text = " ".join(text[: 4 * _QUOTED].split())
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return f'"{text[: _QUOTED - 3]}..."' if len(text) > _QUOTED else f'"{text}"'


def shown(value: Any) -> str:
    """An accepted value."""
    if value is None:
        return "null"
    return quote(value) if isinstance(value, str) else repr(value)
