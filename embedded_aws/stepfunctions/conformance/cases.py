"""Cases as files, and what their definitions name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LANGUAGES = ("JSONata", "neutral")
# A definition names an activity by a placeholder of the recording or by its ARN.
_ACTIVITY = re.compile(r"<?activity[\w.-]*>?|arn:[^:]*:states:[^:]*:[^:]*:activity:.+")

_BODIES = ("body", "content", "text", "data", "value")


def load_cases(folder: Path) -> list[dict[str, Any]]:
    """Every JSONata and neutral case of a folder and its subfolders, by path.

    A file that is no JSON stands in the list as `{"id", "unreadable"}`.
    """
    found = [_read(path) for path in sorted(folder.rglob("*.json"))]
    return [case for case in found if isinstance(case, dict) and _is_ours(case)]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        return {"id": path.name, "unreadable": str(error)}


def _is_ours(case: dict[str, Any]) -> bool:
    wanted = "definition" in case and case.get("query_language") in LANGUAGES
    return wanted or "unreadable" in case


def tasks_of(graph: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, state) of every Task, in branches and processors too; broken parts are left out."""
    states = graph.get("States") if isinstance(graph, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        if state.get("Type") == "Task":
            yield name, state
        branches = state.get("Branches")
        for part in branches if isinstance(branches, list) else ():
            yield from tasks_of(part)
        for field in ("ItemProcessor", "Iterator"):
            yield from tasks_of(state.get(field))


def objects_of(setup: Any) -> dict[str, dict[str, str | None]]:
    """The S3 objects of a setup as bucket -> key -> text, however the setup lists them."""
    found: dict[str, dict[str, str | None]] = {}
    parts = setup if isinstance(setup, list) else [setup] if isinstance(setup, dict) else []
    for part in parts:
        if not isinstance(part, dict):
            continue
        named = {str(name).lower(): value for name, value in part.items()}
        if isinstance(named.get("bucket"), str) and isinstance(named.get("key"), str):
            body = next((named[name] for name in _BODIES if name in named), None)
            text = body if isinstance(body, str | None) else json.dumps(body)
            found.setdefault(named["bucket"], {})[named["key"]] = text
            continue
        objects = named.get("s3_objects")
        for bucket, keys in objects.items() if isinstance(objects, dict) else ():
            found.setdefault(bucket, {}).update(keys)
        inner = objects if isinstance(objects, list) else list(part.values())
        for value in inner:
            for bucket, keys in objects_of(value if value is not objects else None).items():
                found.setdefault(bucket, {}).update(keys)
    return found


def is_activity(resource: Any) -> bool:
    return isinstance(resource, str) and _ACTIVITY.fullmatch(resource) is not None


def activity_name(resource: str) -> str:
    """A name that an activity may have, from how the definition calls it."""
    return re.sub(r"[^\w-]", "", resource.rsplit(":", 1)[-1])


def worker_names(case: dict[str, Any]) -> list[str | None]:
    """The names that the recorded workers of activities polled under, one per worker."""
    workers = [one for one in case.get("actors") or [] if "activity" in str(one.get("kind"))]
    recorded = [
        event.get("activityStartedEventDetails", {}).get("workerName")
        for event in case["expected"].get("events") or []
        if event["type"] == "ActivityStarted"
    ]
    return [
        next(_values(worker, "WorkerName"), recorded[0] if recorded else None) for worker in workers
    ]


def _values(value: Any, key: str) -> Iterator[str]:
    """Every text under a key, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == key and isinstance(item, str):
                yield item
            else:
                yield from _values(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, key)
