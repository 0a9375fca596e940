"""Reads a prompt: the pass asked for, the posting, and what earlier passes have found."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedded_aws.model.rules.text import Posting

_PASS_LINE = re.compile(r"\A\s*pass:[ \t]*(?P<name>\S+)")
_BEGIN, _END = "=== posting begins ===", "=== posting ends ==="
_EARLIER = re.compile(
    r"^=== (?P<name>\w+) begins ===[ \t]*$\n(?P<body>.*?)^=== (?P=name) ends ===[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
_FIELDS = re.compile(
    r"\A\s*Title:(?P<title>.*?)\nCompany:(?P<company>.*?)\nLocation:(?P<location>.*?)"
    r"\nDescription:(?P<description>.*)\Z",
    re.DOTALL,
)


@dataclass(frozen=True)
class Prompt:
    """`name` is empty when the system text names no pass."""

    name: str
    posting: Posting
    earlier: Mapping[str, Any]

    @classmethod
    def nameless(cls) -> Prompt:
        """The prompt of a request that could not be read."""
        return cls("", Posting(), {})


def read_prompt(system: str, user: str) -> Prompt:
    """Takes the texts as sent; a user text without delimiters is a description as a whole."""
    named = _PASS_LINE.match(system)
    inside, outside = _split(user)
    return Prompt(
        name=named.group("name") if named else "",
        posting=_posting(inside),
        earlier=_earlier(outside),
    )


def _split(user: str) -> tuple[str, str]:
    """The posting and all around it.

    The first opening and the last closing line count, so that a posting which imitates the
    delimiters stays one posting: earlier passes are JSON on one line and cannot hold such a line.
    """
    lines = user.split("\n")
    marks = [line.strip() for line in lines]
    if _BEGIN not in marks:
        return user, ""
    first = marks.index(_BEGIN)
    last = len(lines)
    if _END in marks[first:]:
        last = len(marks) - 1 - marks[::-1].index(_END)
    return "\n".join(lines[first + 1 : last]), "\n".join(lines[:first] + lines[last + 1 :])


def _posting(text: str) -> Posting:
    fields = _FIELDS.match(text)
    if fields is None:
        return Posting.of("", "", "", text)
    return Posting.of(*fields.group("title", "company", "location", "description"))


def _earlier(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for match in _EARLIER.finditer(text):
        try:
            found[match.group("name")] = json.loads(match.group("body"))
        except ValueError:
            continue  # the posting outranks earlier passes anyway
    return found
