"""Regular expressions that look only where one of their own literals occurs.

A pattern of many alternatives is slow because every character of the text is tried. Here each
alternative is a pattern of its own, and the literals of which every match must contain one are
taken from the pattern itself; plain string search finds them, and the pattern is tried around
them only. The matches are those of the alternatives joined by "|".
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

_parser: Any = importlib.import_module("re._parser")  # the standard library's own, no public name
_MAX_REACH = 240
_LOOK_AROUND = 40
_GRAM = 3


def any_of(alternatives: Iterable[str]) -> re.Pattern[str]:
    """A plain pattern, for short stretches of text."""
    return re.compile("|".join(alternatives))


class Rule:
    """Alternatives for lower-case text; each must contain a literal of two characters or more.

    Raises ValueError for one that does not.
    """

    def __init__(self, alternatives: Iterable[str]) -> None:
        self._alternatives = [_Alternative(source) for source in alternatives]

    def finditer(self, low: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """Matches in the order of the text; of overlapping ones the first."""
        stop = len(low) if end is None else end
        matches = [match for one in self._alternatives for match in one.matches(low, start, stop)]
        matches.sort(key=lambda match: match.start())
        position = start
        for match in matches:
            if match.start() >= position:
                position = match.end()
                yield match

    def search(self, low: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        stop = len(low) if end is None else end
        best: re.Match[str] | None = None
        for one in self._alternatives:
            limit = stop if best is None else min(stop, best.start() + one.reach)
            match = next(one.matches(low, start, limit), None)
            if match is not None and (best is None or match.start() < best.start()):
                best = match
        return best


def rules(table: Mapping[str, Iterable[str]]) -> list[tuple[str, Rule]]:
    """Value -> alternatives, in the order in which they are to be tried."""
    return [(value, Rule(alternatives)) for value, alternatives in table.items()]


class _Alternative:
    """One branch of a pattern with the literals that its matches must contain."""

    def __init__(self, source: str) -> None:
        self._source = source
        parsed = _parser.parse(source)
        self.reach = min(parsed.getwidth()[1], _MAX_REACH) + _LOOK_AROUND
        literals = _required(parsed)
        if not literals:
            raise ValueError(f"no literal to look for in {source!r}")
        self._literals = _without_covered(literals)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Compiled when first needed: in most texts few of the literals occur."""
        return re.compile(self._source)

    def matches(self, low: str, start: int, stop: int) -> Iterator[re.Match[str]]:
        stop = min(stop, len(low))
        position = start
        for left, right in self._windows(low, start, stop):
            position = max(position, left)
            while match := self._pattern.search(low, position, right):
                yield match
                position = max(match.end(), position + 1)

    def _windows(self, low: str, start: int, stop: int) -> list[tuple[int, int]]:
        grams = _grams(low)
        places: list[int] = []
        for literal in self._literals:
            if len(literal) >= _GRAM and not {literal[:_GRAM], literal[-_GRAM:]} <= grams:
                continue
            place = low.find(literal, start, stop)
            while place >= 0:
                places.append(place)
                place = low.find(literal, place + 1, stop)
        if len(self._literals) > 1:
            places.sort()
        windows: list[tuple[int, int]] = []
        for place in places:
            left, right = max(place - self.reach, start), min(place + self.reach, stop)
            if windows and left <= windows[-1][1]:
                windows[-1] = (windows[-1][0], right)
            else:
                windows.append((left, right))
        return windows


@lru_cache(maxsize=16)
def _grams(low: str) -> frozenset[str]:
    """All runs of three characters: a literal with another start need not be looked for."""
    return frozenset(map("".join, zip(low, low[1:], low[2:], strict=False)))


def _without_covered(literals: set[str]) -> list[str]:
    """A literal that contains another one adds no place to look at."""
    return [one for one in sorted(literals) if not any(o != one and o in one for o in literals)]


def _required(parsed: Any) -> set[str]:
    """Literals of which every match of the sequence contains one; empty if none is certain."""
    candidates: list[set[str]] = []
    run = ""
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            run += chr(argument)
            continue
        if len(run) >= 2:
            candidates.append({run})
        run = ""
        candidates.append(_inside(name, argument))
    if len(run) >= 2:
        candidates.append({run})
    usable = [found for found in candidates if found]
    return max(usable, key=_worth, default=set())


def _worth(literals: set[str]) -> tuple[int, int]:
    return min(min(len(one) for one in literals), 4), -len(literals)


def _inside(name: str, argument: Any) -> set[str]:
    if name == "SUBPATTERN":
        return _required(argument[-1])
    if name == "BRANCH":
        branches = [_required(branch) for branch in argument[1]]
        return set().union(*branches) if all(branches) else set()
    if name in {"MAX_REPEAT", "MIN_REPEAT"} and argument[0] >= 1:
        return _required(argument[2])
    return set()
