"""Comparing how an execution ended: status, output, error, map run, objects in S3."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from .compare import Matcher, plain
from .memory_s3 import MemoryS3
from .world import World

QUOTING = ("States.QueryEvaluationError", "States.Runtime")  # causes that quote AWS's wording
OPENING = "An error occurred while executing the state"

Found = str | None
"""The first difference, None where there is none."""


def compare_end(
    case: dict[str, Any], shown: dict[str, Any], events: list[dict[str, Any]]
) -> tuple[Found, Found]:
    """The first difference, and a cause that differs where that is allowed."""
    expected, matcher = case["expected"], Matcher()
    if shown["status"] != expected["status"]:
        reason = f": {shown.get('error')}: {shown.get('cause')}" if "cause" in shown else ""
        return f"status: expected {expected['status']}, got {shown['status']}{reason}", None
    if "output" in expected:
        found = matcher.difference(plain(expected["output"]), plain(shown.get("output")), "output")
        if found:
            return found, None
    if "output_match" in expected:
        found = _compare_schema(expected["output_match"], shown)
        if found:
            return found, None
    if expected["status"] == "SUCCEEDED":
        return None, None
    return _compare_error(case, _with_event(shown, events), matcher)


def _compare_schema(schema: dict[str, Any], shown: dict[str, Any]) -> Found:
    try:
        jsonschema.validate(json.loads(shown["output"]), schema)
    except jsonschema.ValidationError as error:
        return f"output: {error.message}"
    return None


def _with_event(shown: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any]:
    """DescribeExecution tells no error of a timeout, the last event does."""
    if "error" in shown or not events:
        return shown
    details: dict[str, Any] = next(
        (v for k, v in events[-1].items() if k.endswith("EventDetails")), {}
    )
    return {name: details[name] for name in ("error", "cause") if name in details} | shown


def _compare_error(
    case: dict[str, Any], shown: dict[str, Any], matcher: Matcher
) -> tuple[Found, Found]:
    expected = case["expected"]
    timed_out = expected["status"] == "TIMED_OUT" and "error" not in expected
    found = (
        None
        if timed_out
        else matcher.difference(expected.get("error"), shown.get("error"), "error")
    )
    if found or "cause" not in expected:
        return found, None
    cause = shown.get("cause")
    if case.get("api") == "TestState" and cause and cause.startswith(OPENING):
        cause = cause.split("). ", 1)[-1]  # TestState leaves the opening out
    found = matcher.difference(plain(expected["cause"]), plain(cause), "cause")
    if found and expected.get("error") in QUOTING:
        return None, found
    return found, None


def compare_express(expected: dict[str, Any], shown: dict[str, Any]) -> Found:
    """What a recording has of an EXPRESS execution instead of a history."""
    described = expected.get("describe_execution") or {}
    end = expected.get("end_event") or {}
    details: Any = next((v for k, v in end.items() if k.lower().endswith("details")), {})
    wanted = {name: described[name] for name in ("status", "input") if name in described}
    for name in ("output", "error", "cause"):
        for source in (described, details if isinstance(details, dict) else {}, end):
            if name in source:
                wanted[name] = source[name]
                break
    matcher = Matcher()
    for name, value in wanted.items():
        found = matcher.difference(plain(value), plain(shown.get(name)), name)
        if found and not (name == "cause" and shown.get("error") in QUOTING):
            return found
    return None


async def compare_map_run(expected: dict[str, Any], world: World, shown: dict[str, Any]) -> Found:
    """The fields of DescribeMapRun that the recording has."""
    runs = await world.engine.handle("ListMapRuns", {"executionArn": shown["executionArn"]})
    if len(runs["mapRuns"]) != 1:
        return f"expected one map run, got {len(runs['mapRuns'])}"
    arn = runs["mapRuns"][0]["mapRunArn"]
    run = await world.engine.handle("DescribeMapRun", {"mapRunArn": arn})
    for name, value in expected.items():
        actual = run.get(name)
        if isinstance(value, dict):
            actual = {key: (actual or {}).get(key) for key in value}
        if actual != value:
            return f"map_run/{name}: expected {value}, got {actual}"
    return None


def compare_objects(expected: dict[str, Any], s3: MemoryS3) -> Found:
    """The result files that the recording knows of, by key; `bytes` is their size."""
    for key, wanted in expected.items():
        sizes = [
            len(s3.objects[place])
            for place in s3.written
            if Matcher().difference(key, place[1]) is None
        ]
        if not sizes:
            return f"written_objects: expected {key}, got {sorted(k for _, k in s3.written)}"
        if "bytes" in wanted and wanted["bytes"] not in sizes:
            return f"written_objects/{key}: expected {wanted['bytes']} bytes, got {sizes[0]}"
    return None
