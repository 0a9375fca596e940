"""Puts an answer's members where the layout has them: roots, sections, keys.

Models leave out the root, write all fields at the top level, or misspell a key. Each move is
warned of. What is missing afterwards is told apart: a missing root or section is fatal, a missing
field is repaired by its default.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any

from parse_response.layout import ADVISORY, Field, Layout, Root
from parse_response.notes import Warn, join, quote
from parse_response.outcome import Rejected

_SIMILAR = 0.8  # difflib ratio; `strong_details` for `strength_details` has 0.87
_LEVELS = 3  # objects around the roots that are looked into


def member_names(layout: Layout) -> frozenset[str]:
    """Names of sections and fields, which an answer without roots holds."""
    names: set[str] = set()
    for root in layout.roots.values():
        names |= _members(root)
    return frozenset(names)


def arrange(answer: dict[str, Any], layout: Layout, warn: Warn) -> dict[str, Any]:
    """Root -> section -> field -> as given, or root -> field -> as given.

    Missing fields are absent, unknown keys are gone. Raises Rejected (schema).
    """
    answer = _unpacked(answer, layout, warn)
    answer = correct_keys(answer, [*layout.roots, ADVISORY], "", warn)
    _lift_roots(answer, layout, warn)
    arranged = {name: _root(answer, root, warn) for name, root in layout.roots.items()}
    known = {*layout.roots, ADVISORY} if layout.advisory else layout.roots.keys()
    for key in answer:
        if key not in known:
            warn(quote(key), "is no part of an answer, dropped")
    return arranged


def correct_keys(
    given: Mapping[Any, Any], known: Collection[str], path: str, warn: Warn
) -> dict[str, Any]:
    """`given` with each misspelt key under the missing name it can only mean."""
    if given.keys() <= set(known):
        return dict(given)
    missing = [name for name in known if name not in given]
    corrected = {}
    for key, value in given.items():
        name = key if key in known else _nearest(str(key), known)
        if name in missing:
            missing.remove(name)
            warn(join(path, name), f"was named {quote(key)}")
        elif name != key:
            name = key
        corrected[name] = value
    return corrected


def _nearest(key: str, known: Collection[str]) -> str | None:
    plain = _letters(key)
    equal = [name for name in known if _letters(name) == plain]
    return next(iter(equal or difflib.get_close_matches(plain, known, 1, _SIMILAR)), None)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name[:80].lower()).strip("_")


def _unpacked(answer: dict[str, Any], layout: Layout, warn: Warn) -> dict[str, Any]:
    """The answer without objects that are wrapped around all of it."""
    names = layout.roots.keys() | member_names(layout)
    for _ in range(_LEVELS):
        if names & answer.keys() or len(answer) != 1:
            break
        (key, inner), *_ = answer.items()
        if not isinstance(inner, dict):
            break
        warn(quote(key), "was wrapped around the answer")
        answer = inner
    return answer


def _root(answer: dict[str, Any], root: Root, warn: Warn) -> dict[str, Any]:
    pool = answer.get(root.name)
    if not isinstance(pool, dict):
        pool = _displaced_root(answer, root, warn)
    if root.fields:
        return _known(pool, root.fields, root.name, warn)
    pool = correct_keys(pool, root.sections, root.name, warn)
    elsewhere = [answer, *(part for part in pool.values() if isinstance(part, dict))]
    found = {
        name: _section(pool, elsewhere, fields, join(root.name, name), warn)
        for name, fields in root.sections.items()
    }
    lost = [name for name, section in found.items() if not section]
    if lost:
        raise Rejected(
            "schema",
            f"{root.name} lacks {len(lost)} of its {len(found)} sections: {', '.join(lost)}.",
        )
    for key in pool:
        if key not in found:
            warn(join(root.name, quote(key)), "is no section, dropped")
    return {
        name: _known(section, root.sections[name], join(root.name, name), warn)
        for name, section in found.items()
    }


def _members(root: Root) -> set[str]:
    fields = {name for section in root.sections.values() for name in section}
    return fields | root.sections.keys() | root.fields.keys()


def _lift_roots(answer: dict[str, Any], layout: Layout, warn: Warn) -> None:
    """Puts a root that lies inside of another beside it."""
    for name in layout.roots:
        if isinstance(answer.get(name), dict):
            continue
        for other in layout.roots:
            inside = answer.get(other)
            if isinstance(inside, dict) and isinstance(inside.get(name), dict):
                answer[name] = inside.pop(name)
                warn(name, f"was inside {other}")


def _displaced_root(answer: dict[str, Any], root: Root, warn: Warn) -> dict[str, Any]:
    """The members of a missing root, from the top level."""
    names = _members(root)
    members = {name: answer.pop(name) for name in list(answer) if name in names}
    if not members:
        raise Rejected("schema", f"The answer has no object {root.name}.")
    warn(root.name, "its members were at the top level")
    return members


def _section(
    pool: dict[str, Any],
    elsewhere: list[dict[str, Any]],
    fields: Mapping[str, Field],
    path: str,
    warn: Warn,
) -> dict[str, Any]:
    """The section at `path` from its root's `pool`, or taken out of where else it lies; or {}."""
    name = path.rpartition(".")[2]
    given = pool.get(name)
    if isinstance(given, dict):
        return given
    for other in elsewhere:
        if isinstance(other.get(name), dict):
            warn(path, "was at another place")
            moved: dict[str, Any] = other.pop(name)
            return moved
    loose = {key: other.pop(key) for other in (pool, *elsewhere) for key in fields if key in other}
    if loose:
        warn(path, "its fields were at another place")
    return loose


def _known(
    given: dict[str, Any], fields: Mapping[str, Field], path: str, warn: Warn
) -> dict[str, Any]:
    given = correct_keys(given, fields, path, warn)
    for key in given:
        if key not in fields:
            warn(join(path, quote(key)), "is no field of this section, dropped")
    return {name: given[name] for name in fields if name in given}
