"""What several kinds of states have in common: transitions, Output, Assign, Retry, Catch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..definition import Assign, Catcher, Retrier, Value
from .fields import Fields, names_of

LONGEST_TIMEOUT = 99_999_999  # seconds
NAME_LIMIT = 80  # characters of the name of a state or a variable


def flow(fields: Fields) -> str | None:
    """Next, None for End, or "" where both are missing."""
    next_, end = fields.text("Next"), fields.raw("End")
    if "End" in fields.value and not isinstance(end, bool):
        fields.problems.error("Expected value of type Boolean", fields.at("End"))
    if fields.has("Next") == (end is True):
        fields.only_one_of("Next", "End")
    return next_ if next_ is not None or end is True else ""


def output(fields: Fields) -> Value | None:
    if fields.jsonata:
        return fields.value_of("Output")
    return None


def assign(fields: Fields) -> Assign | None:
    """Assign: an object of variable names; JSONata identifiers of at most 80 characters."""
    if fields.object("Assign") is None:
        return None
    for name in fields.value["Assign"]:
        if not fields.jsonata and name.endswith(".$"):
            continue  # refused as a JSONPath by value_of
        if name == "states" or not name.isidentifier() or len(name) > NAME_LIMIT:
            fields.problems.error(
                f"'{name}' is not a variable name: letters, digits and _, not starting with a"
                f" digit, at most {NAME_LIMIT} characters, and not 'states'",
                f"{fields.at('Assign')}/{name}",
            )
    return Assign(tuple(fields.value["Assign"]), fields.compile("Assign", fields.value["Assign"]))


def shared(fields: Fields, base: dict[str, Any]) -> dict[str, Any]:
    """The fields of every state that goes on: Next or End, Output, Assign."""
    return {
        **base,
        "next": flow(fields),
        "output": output(fields),
        "assign": assign(fields),
    }


def retriable(fields: Fields, base: dict[str, Any]) -> dict[str, Any]:
    return {
        **shared(fields, base),
        "arguments": fields.value_of("Arguments") if fields.jsonata else None,
        "retriers": tuple(each(fields, "Retry", _retrier)),
        "catchers": tuple(each(fields, "Catch", _catcher)),
    }


def each(fields: Fields, name: str, read: Callable[[Fields, bool], Any]) -> list[Any]:
    values = fields.items(name) or []
    found = []
    for number, value in enumerate(values):
        where = f"{fields.at(name)}[{number}]"
        if not isinstance(value, dict):
            fields.problems.error("Expected value of type Object", where)
            continue
        part = Fields(value, where, fields.problems, fields.jsonata, f"{name}[{number}]/")
        part.text("Comment")
        found.append(read(part, number == len(values) - 1))
        part.finish()
    return found


def _errors(fields: Fields, last: bool) -> tuple[str, ...]:
    names = fields.items("ErrorEquals", required=True)
    if names is None:
        return ()
    if not names or not names_of(names):
        fields.problems.error(
            "Expected a list of at least one error name", fields.at("ErrorEquals")
        )
        return ()
    if "States.ALL" in names and (len(names) > 1 or not last):
        fields.problems.error(
            "States.ALL must appear alone and at end of list", fields.at("ErrorEquals")
        )
    return tuple(names)


def _retrier(fields: Fields, last: bool) -> Retrier:
    interval = fields.integer("IntervalSeconds", 1, LONGEST_TIMEOUT)
    attempts = fields.integer("MaxAttempts", 0, LONGEST_TIMEOUT)
    backoff = fields.number("BackoffRate", 1.0)
    return Retrier(
        errors=_errors(fields, last),
        interval=1 if interval is None else interval,
        max_attempts=3 if attempts is None else attempts,
        backoff=2.0 if backoff is None else backoff,
        max_delay=fields.integer("MaxDelaySeconds", 1, 31_622_400),
        full_jitter=fields.one_of("JitterStrategy", ("FULL", "NONE"), "NONE") == "FULL",
    )


def _catcher(fields: Fields, last: bool) -> Catcher:
    return Catcher(
        errors=_errors(fields, last),
        next=fields.text("Next", required=True) or "",
        output=output(fields),
        assign=assign(fields),
    )
