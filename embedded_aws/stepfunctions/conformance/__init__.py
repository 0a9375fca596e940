"""Runs recorded executions through the engine and compares.

A case is a JSON file with definition, input, results of its calls and what AWS recorded; calls are
replayed, waits and timeouts run under the virtual clock. Cases of JSONPath are left out.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError
from .cases import load_cases
from .compare import compare_events, same_ids
from .ends import compare_end, compare_express, compare_map_run, compare_objects
from .world import World

__all__ = ["Verdict", "load_cases", "run_case"]

PATIENCE = 60.0  # real seconds after which a case that does not end has failed


@dataclass(frozen=True)
class Verdict:
    """`difference` None: passed. `wording` tells a cause that differs where that is allowed."""

    id: str
    difference: str | None
    wording: str | None = None
    ids_equal: bool | None = None


def run_case(case: dict[str, Any]) -> Verdict:
    """Runs one case to its end; an exception of the engine is a difference."""
    if "unreadable" in case:
        return Verdict(_id(case), f"the file is no JSON: {case['unreadable']}")
    try:
        return asyncio.run(asyncio.wait_for(_run(case), PATIENCE))
    except TimeoutError:
        return Verdict(_id(case), f"the execution did not end within {PATIENCE:.0f} s")
    except Exception as error:
        return Verdict(_id(case), f"the engine raised {error!r}")


def _id(case: dict[str, Any]) -> str:
    return str(case.get("id", "a case without an id"))


async def _run(case: dict[str, Any]) -> Verdict:
    world = World(case)
    expected = case["expected"]
    try:
        try:
            shown = await world.execute()
        except ApiError as error:
            return Verdict(_id(case), _refused(expected, error))
        if expected["status"] == "VALIDATION_FAILED":
            return Verdict(_id(case), f"AWS refused the definition: {expected.get('cause')}")
        return await _verdict(case, world, shown)
    finally:
        await world.engine.aclose()


def _refused(expected: dict[str, Any], error: ApiError) -> str | None:
    if expected["status"] != "VALIDATION_FAILED":
        return f"refused: {error.message}"
    for sentence in (expected.get("cause") or "").split("; "):
        if sentence not in error.message:
            return f"refused with {error.message!r}, expected {sentence!r}"
    return None


async def _verdict(case: dict[str, Any], world: World, shown: dict[str, Any]) -> Verdict:
    expected = case["expected"]
    events = await world.events(shown["executionArn"])
    found, wording = compare_end(case, shown, events)
    ids = None
    if found is None and expected.get("events"):
        subset = case.get("events_normalised") == "parallel"
        found = compare_events(expected["events"], events, _interleaves(case), subset)
        ids = None if subset else same_ids(expected["events"], events)
    if found is None and expected.get("last_events"):
        last = events[-len(expected["last_events"]) :]
        found = compare_events(expected["last_events"], last, _interleaves(case), False)
    if found is None:
        found = compare_express(expected, shown)
    if found is None and "map_run" in expected:
        found = await compare_map_run(expected["map_run"], world, shown)
    if found is None and "written_objects" in expected:
        found = compare_objects(expected["written_objects"], world.s3)
    return Verdict(_id(case), found, wording, ids)


def _interleaves(case: dict[str, Any]) -> bool:
    """Whether events of branches or iterations may come in another order than recorded."""
    text = str(case["definition"])
    return "'Map'" in text or "'Parallel'" in text
