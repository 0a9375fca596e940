"""Reads the word lists that the rules work with."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def load(name: str) -> dict[str, Any]:
    """The content of a list, for example `load("skills.toml")`."""
    with (_FOLDER / name).open("rb") as file:
        return tomllib.load(file)
