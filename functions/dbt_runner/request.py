"""What a call asks for, and how dbt is told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbt_runner.errors import InvalidRequest

# What dbt is called with, by command; `deploy-docs` needs no dbt.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "debug": ("debug", "--connection"),
    "seed": ("seed",),
    "run": ("run",),
    # Unit tests try models on rows of their own: they say nothing of the data.
    "test": ("test", "--exclude-resource-type", "unit_test"),
    "build": ("build", "--exclude-resource-type", "unit_test"),
    "freshness": ("source", "freshness"),
    "docs": ("docs", "generate", "--static"),
    "deploy-docs": (),
}
SELECTS = frozenset({"seed", "run", "test", "build", "freshness"})
REFRESHES = frozenset({"seed", "run", "build"})
# dbt registers the sources at the start of these.
READS_SILVER = frozenset({"seed", "run", "test", "build", "freshness"})
FIELDS = frozenset({"command", "select", "full_refresh", "vars", "execution", "step"})
NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
SELECTOR = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_.:*+@,/ -]*|[+@][A-Za-z0-9_.:*+@,/ -]+")


@dataclass(frozen=True)
class Request:
    """One command.

    select     dbt's node selection, '' for everything
    variables  dbt's --vars
    execution  name of the execution, under which artifacts are kept
    step       the step of the workflow; one folder of artifacts each
    """

    command: str
    execution: str
    step: str
    select: str = ""
    full_refresh: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, event: Any) -> Request:
        """Raises InvalidRequest with the field and what it may be."""
        if not isinstance(event, dict):
            raise InvalidRequest("the event is no object: give command, execution and step")
        unknown = sorted(event.keys() - FIELDS)
        if unknown:
            raise InvalidRequest(f"{unknown[0]} is no field: use {', '.join(sorted(FIELDS))}")
        command = str(event.get("command"))
        if command not in COMMANDS:
            raise InvalidRequest(f"command is {command}: use one of {', '.join(COMMANDS)}")
        return cls(
            command=command,
            execution=_name(event, "execution"),
            step=_name(event, "step"),
            select=_select(event, command),
            full_refresh=_full_refresh(event, command),
            variables=_variables(event),
        )

    @property
    def reads_silver(self) -> bool:
        return self.command in READS_SILVER

    @property
    def last_good_build(self) -> str:
        """Start of the last good build as the variable gives it, '' if there was none."""
        return str(self.variables.get("last_good_build_started_at") or "")

    def arguments(self, sources: Mapping[str, Any]) -> list[str]:
        """What dbt is called with; `sources` are variables that only the runner knows."""
        chosen = ["--select", *self.select.split()] if self.select else []
        refresh = ["--full-refresh"] if self.full_refresh else []
        variables = json.dumps({**self.variables, **sources}, sort_keys=True)
        return [*COMMANDS[self.command], *chosen, *refresh, "--vars", variables]


def _name(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise InvalidRequest(
            f"{key} is {value!r}: give up to 80 letters, digits, dots, hyphens and underscores"
        )
    return value


def _select(event: Mapping[str, Any], command: str) -> str:
    value = event.get("select") or ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = " ".join(map(str, value))
    if not isinstance(value, str) or (value and not SELECTOR.fullmatch(value)):
        raise InvalidRequest(f"select is {value!r}: give dbt's node selection, such as tag:facts")
    if value and command not in SELECTS:
        raise InvalidRequest(f"select does not go with {command}: leave it out")
    return value


def _full_refresh(event: Mapping[str, Any], command: str) -> bool:
    value = event.get("full_refresh", False)
    if not isinstance(value, bool):
        raise InvalidRequest(f"full_refresh is {value!r}: give true or false")
    return value and command in REFRESHES


def _variables(event: Mapping[str, Any]) -> Mapping[str, Any]:
    value = event.get("vars") or {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"vars is {value!r}: give an object")
    return value
