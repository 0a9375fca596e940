"""Placeholders such as `${FunctionArn}` that a deployment should have filled in.

AWS takes them for text. As the whole of a value, or inside an ARN, they cannot mean anything, so
the definition is refused; inside other text they may be meant and are a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .fields import Problems

CODE = "UNFINISHED_SUBSTITUTION"
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_][\w.:]*\}")


def holds_placeholder(text: str) -> bool:
    """Whether a text has a placeholder anywhere."""
    return _PLACEHOLDER.search(text) is not None


def find_substitutions(value: Any, problems: Problems) -> None:
    """Reports every placeholder of a definition with its location."""
    for text, where in _texts(value, ""):
        names = sorted(set(_PLACEHOLDER.findall(text)))
        sure = text.startswith("arn:") or _PLACEHOLDER.fullmatch(text) is not None
        for name in names:
            if sure:
                problems.error(f"The substitution {name} was not filled in", where, CODE)
            else:
                problems.warning(f"The text holds {name}, maybe a substitution", where, CODE)


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """(text, location) of every string, comments left out."""
    if isinstance(value, str):
        yield value, where
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{where}[{number}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if name != "Comment":
                yield from _texts(item, f"{where}/{name}")
