"""From the text of an answer to the object it holds.

Steps, each from what models were seen to write:

1. a leading block of reasoning is dropped, closed or not;
2. balanced objects are looked for, string-aware, so fences and prose need no rule of their own;
3. the first that reads as JSON and holds a root is the answer, whatever follows it; without one,
   the object that holds most of the roots' members;
4. an object that does not read is repaired, and then counts only if it is complete (`doubt`).

Braces that never balance mean a truncated text: repairing one would store partial facts as
success. The exception is a text that ends in a brace, where a stray quote hid the balance.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from parse_response.notes import quote
from parse_response.outcome import Rejected

_REASONING = re.compile(r"\s*<(reasoning|think|thinking|thought)>", re.IGNORECASE)
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}]', re.DOTALL)
_CANDIDATES = 100  # objects looked at; prose with more braces than that holds no answer

Doubt = Literal["malformed", "truncated"]


@dataclass(frozen=True)
class Extracted:
    """The object, what was odd about its text, and what it is if it turns out incomplete.

    `doubt` is null for an object that reads as it stands: that one may lack fields.
    """

    answer: dict[str, Any]
    warnings: tuple[str, ...]
    doubt: Doubt | None = None


def extract(text: str, roots: Set[str], members: Set[str]) -> Extracted:
    """The answer in `text`: an object with a key of `roots`, or else of `members`.

    An object with neither is returned only if there is no other. Raises Rejected (no_json,
    truncated, malformed).
    """
    text = without_reasoning(text)
    read: list[Extracted] = []
    broken: list[str] = []
    for piece in _objects(text):
        found = _read(piece)
        if found is None:
            broken.append(piece)
        elif roots & found.answer.keys():
            return found
        else:
            read.append(found)
    best = max(read, key=lambda found: len(members & found.answer.keys()), default=None)
    if broken and not (best and members & best.answer.keys()):
        repaired = _repair(max(broken, key=len), "malformed")
        if repaired is not None and (roots | members) & repaired.answer.keys():
            return repaired
    if best is not None:
        return best
    if broken:
        raise Rejected("malformed", "The answer is no JSON and cannot be repaired.")
    return _unbalanced(text, roots | members)


def without_reasoning(text: str) -> str:
    """`text` after its leading blocks of reasoning; nothing remains of one that is not closed."""
    while opening := _REASONING.match(text):
        closing = re.compile(f"</{opening[1]}>", re.IGNORECASE).search(text, opening.end())
        text = text[closing.end() :] if closing else ""
    return text


def _objects(text: str) -> Iterator[str]:
    """Balanced outermost objects of `text`, in their order, at most `_CANDIDATES`."""
    start = text.find("{")
    for _ in range(_CANDIDATES):
        end = _end_of_object(text, start) if start >= 0 else None
        if end is None:
            return
        yield text[start:end]
        start = text.find("{", end)


def _end_of_object(text: str, start: int) -> int | None:
    """Where the object that opens at `start` ends, braces within strings aside."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                return token.end()
        elif token[0] == '"':  # a string that is never closed
            return None
    return None


def _read(piece: str) -> Extracted | None:
    """The object `piece`, if it is JSON; NaN and Infinity are not."""
    duplicates: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(members)
        if len(read) < len(members):
            counts = Counter(name for name, _ in members)
            duplicates.extend(name for name, count in counts.items() if count > 1)
        return read

    try:
        answer = json.loads(piece, strict=False, parse_constant=_no_number, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None
    warnings = (
        f"{quote(name)}: the key occurs twice, the last value counts" for name in duplicates
    )
    return Extracted(answer, tuple(warnings))


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)


def _repair(piece: str, doubt: Doubt) -> Extracted | None:
    """The object in `piece` with its syntax repaired, if that gives an object at all."""
    import json_repair  # here, because one answer in a thousand needs it

    try:
        answer = json_repair.loads(piece, skip_json_loads=True)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    return Extracted(answer, ("answer: its syntax was repaired",), doubt)


def _unbalanced(text: str, expected: Set[str]) -> Extracted:
    start = text.find("{")
    if start < 0:
        raise Rejected("no_json", "The answer holds no JSON object.")
    body = text[start:].rstrip("` \t\r\n")
    repaired = _repair(body, "truncated") if body.endswith("}") else None
    if repaired is None or not expected & repaired.answer.keys():
        raise Rejected("truncated", "The answer ends inside its JSON object.")
    return repaired
