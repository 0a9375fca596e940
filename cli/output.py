"""The one printer: data on stdout, as text or as JSON lines; everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.errors import Diagnostic


@dataclass
class Output:
    """How this run of `dej` prints.

    json   data as one JSON object per line
    debug  errors with their traceback
    """

    json: bool = False
    debug: bool = False

    def record(self, record: Mapping[str, Any], text: str | None = None) -> None:
        """One piece of data; as text it is `text`, or its fields one per line."""
        if self.json:
            line = json.dumps(record, ensure_ascii=False, default=str)
        elif text is not None:
            line = text
        else:
            width = max((len(name) for name in record), default=0)
            line = "\n".join(
                f"{name.replace('_', ' '):<{width}}  {_shown(value)}"
                for name, value in record.items()
            )
        print(line, flush=True)

    def say(self, sentence: str) -> None:
        """Talk: progress and remarks."""
        print(sentence, file=sys.stderr, flush=True)

    def fail(self, diagnostic: Diagnostic) -> None:
        """An error, with what is known about it."""
        self.say(render(diagnostic))


def render(diagnostic: Diagnostic) -> str:
    """A diagnostic as text, one line per part."""
    parts = {
        "because": diagnostic.context,
        "note": diagnostic.note,
        "try": diagnostic.hint,
    }
    details = [f"  {name}: {text}" for name, text in parts.items() if text is not None]
    return "\n".join([f"error: {diagnostic.message}", *details])


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    return str(value)


output = Output()
"""Set up by the global options; commands print through it."""
