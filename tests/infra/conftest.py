"""What the program registers, per stack; nothing is provisioned and no package is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from infra.lint.program import Stack, look
from infra.platform import ROOT

Inputs = Callable[[str, str], Mapping[str, Any]]
Statements = Callable[[str], Mapping[str, Mapping[str, Any]]]

look_once = cache(lambda stack: look(ROOT, stack))


@pytest.fixture(params=["local", "dev", "staging", "prod"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each stack of the project in turn."""
    return look_once(request.param)


@pytest.fixture
def dev() -> Stack:
    return look_once("dev")


@pytest.fixture
def inputs(dev: Stack) -> Inputs:
    """(end of a type, name) -> the inputs of a resource of stack dev."""
    return dev.inputs


@pytest.fixture
def statements(dev: Stack) -> Statements:
    """Name of a function, workflow or schedule -> its role's statements by Sid."""
    return dev.statements
