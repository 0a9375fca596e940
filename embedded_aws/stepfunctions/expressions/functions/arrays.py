"""Array functions and higher-order functions."""

from __future__ import annotations

from typing import Any

from ..calls import apply, apply_item, native
from ..failures import Failure
from ..frames import Run
from ..sorting import merge_sorted
from ..values import (
    UNDEFINED,
    Array,
    append,
    is_number,
    less,
    sequence,
    truth,
)


def _map(run: Run, items: Any, function: Any) -> Any:
    if items is UNDEFINED:
        return UNDEFINED
    results = (apply_item(function, run, item, at, items) for at, item in enumerate(items))
    return sequence(result for result in results if result is not UNDEFINED)


def _filter(run: Run, items: Any, function: Any) -> Any:
    if items is UNDEFINED:
        return UNDEFINED
    return sequence(
        item for at, item in enumerate(items) if truth(apply_item(function, run, item, at, items))
    )


def _single(run: Run, items: Any, function: Any) -> Any:
    if items is UNDEFINED:
        return UNDEFINED
    found = [
        item
        for at, item in enumerate(items)
        if function is UNDEFINED or truth(apply_item(function, run, item, at, items))
    ]
    if len(found) != 1:
        raise Failure("D3138" if found else "D3139")
    return found[0]


def _reduce(run: Run, items: Any, function: Any, initial: Any) -> Any:
    if items is UNDEFINED:
        return UNDEFINED
    if function.arity < 2:
        raise Failure("D3050")
    rest = list(enumerate(items))
    result = initial
    if initial is UNDEFINED and rest:
        result = rest.pop(0)[1]
    for at, item in rest:
        result = apply_item(function, run, result, item, at, items)
    return result


def _append(run: Run, left: Any, right: Any) -> Any:
    return append(left, right)


def _reverse(run: Run, items: Any) -> Any:
    return items if items is UNDEFINED or len(items) <= 1 else Array(reversed(items))


def _shuffle(run: Run, items: Any) -> Any:
    if items is UNDEFINED or len(items) <= 1:
        return items
    shuffled = Array(items)
    run.random.shuffle(shuffled)
    return shuffled


def _distinct(run: Run, items: Any) -> Any:
    if not isinstance(items, list) or len(items) <= 1:
        return items
    first: dict[Any, Any] = {}
    for item in items:
        first.setdefault(_identity(item), item)
    return Array(first.values(), sequence=type(items) is Array and items.sequence)


def _identity(value: Any) -> Any:
    """What two equal values share and unequal values do not."""
    if isinstance(value, list):
        return ("array", *map(_identity, value))
    if isinstance(value, dict):
        return ("object", frozenset((key, _identity(item)) for key, item in value.items()))
    return (type(value) is bool, value)


def _zip(run: Run, *lists: Any) -> Any:
    if any(items is UNDEFINED for items in lists):
        return Array()
    return Array(Array(items) for items in zip(*lists, strict=False))


def _sort(run: Run, items: Any, function: Any) -> Any:
    if items is UNDEFINED or len(items) <= 1:
        return items
    if function is not UNDEFINED:
        return Array(merge_sorted(items, lambda a, b: truth(apply(function, [a, b], None, run))))
    texts = all(type(item) is str for item in items)
    if not texts and not all(is_number(item) for item in items):
        raise Failure("D3070")
    return Array(merge_sorted(items, lambda a, b: less(b, a)))


FUNCTIONS = (
    native("map", _map, "<af>", 2),
    native("filter", _filter, "<af>", 2),
    native("single", _single, "<af?>", 2),
    native("reduce", _reduce, "<afj?:j>", 3),
    native("append", _append, "<xx:a>", 2),
    native("reverse", _reverse, "<a:a>", 1),
    native("shuffle", _shuffle, "<a:a>", 1),
    native("distinct", _distinct, "<x:x>", 1),
    native("zip", _zip, "<a+>", 0),
    native("sort", _sort, "<af?:a>", 2),
)
