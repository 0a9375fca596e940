"""Renders a workflow file: `${Name}` inside its strings becomes a deployment value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

# A value may stand inside a JSON string and, there, inside a quoted JSONata text.
HARMLESS = re.compile(r"""[^'"\\\x00-\x1f]*""")
PLACEHOLDER = re.compile(r"\$\{([A-Za-z][A-Za-z0-9]*)\}")


class RenderError(ValueError):
    """A workflow file and its values do not fit together."""


def placeholders(text: str) -> set[str]:
    """The names that a workflow file expects."""
    return set(PLACEHOLDER.findall(text))


def render(name: str, text: str, values: Mapping[str, str]) -> str:
    """The definition of workflow `name` from the text of its file.

    The layout of the file is kept. Raises RenderError if a name is missing or unused, if a value
    could break out of its quotes, or if the file or the result is no JSON.
    """
    _parse(name, text)
    missing = sorted(placeholders(text) - values.keys())
    unused = sorted(values.keys() - placeholders(text))
    if missing:
        raise RenderError(f"{name}: no value for ${{{missing[0]}}}; pass it or correct the name")
    if unused:
        raise RenderError(f"{name}: the value {unused[0]} is not used; remove it or use it")
    for key, value in values.items():
        if not isinstance(value, str) or not HARMLESS.fullmatch(value):
            raise RenderError(
                f"{name}: the value of {key} is {value!r}; pass a text without quotes, "
                "backslashes and control characters"
            )
    rendered = PLACEHOLDER.sub(lambda match: values[match[1]], text)
    if "${" in rendered:
        raise RenderError(f"{name}: a substitution is malformed; write it as ${{Name}}")
    _parse(name, rendered)
    return rendered


def _parse(name: str, text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise RenderError(f"{name}: line {error.lineno} is no JSON: {error.msg}") from None
