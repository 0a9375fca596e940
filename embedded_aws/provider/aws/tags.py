"""Tags: a map in Pulumi, a list of pairs or a map in boto3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tag_list(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[Any]:
    return [{key: name, value: text} for name, text in (tags or {}).items()]


def tag_map(pairs: list[Any] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Without the service's own tags (`aws:…`)."""
    tags = {pair[key]: pair[value] for pair in pairs or []}
    return {name: text for name, text in tags.items() if not name.startswith("aws:")}


def tag_values(tags: dict[str, str]) -> dict[str, Any]:
    """The two properties under which resources return their tags."""
    return {"tags": tags, "tagsAll": dict(tags)}


def tag_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Names to remove and tags to set, from inputs as they are and as wanted."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    removed = sorted(set(before) - set(after))
    changed = {name: text for name, text in after.items() if before.get(name) != text}
    return removed, changed
