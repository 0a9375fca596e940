"""What the tests of parse_response share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.parse_response.answers import PASSES, make_blank


@pytest.fixture
def blank() -> Callable[[str], dict[str, Any]]:
    """A function that makes a valid answer of a pass whose every field is absent."""
    return make_blank


@pytest.fixture(params=PASSES)
def pass_name(request: pytest.FixtureRequest) -> str:
    """Each pass in turn."""
    return str(request.param)
