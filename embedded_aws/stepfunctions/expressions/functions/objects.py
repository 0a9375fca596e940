"""Functions on objects and on values of any type."""

from __future__ import annotations

from typing import Any

from ..calls import (
    apply_item,
    is_function,
    native,
)
from ..failures import Failure
from ..frames import Run
from ..values import (
    UNDEFINED,
    Array,
    Object,
    append,
    lookup,
    sequence,
    symbol,
    truth,
)

_TYPES = {
    "l": "null",
    "b": "boolean",
    "n": "number",
    "s": "string",
    "a": "array",
    "o": "object",
    "f": "function",
}


def _keys(run: Run, value: Any) -> Any:
    return sequence(_key_names(value))


def _key_names(value: Any) -> dict[str, None]:
    if isinstance(value, list):
        return {key: None for item in value for key in _key_names(item)}
    return dict.fromkeys(value) if isinstance(value, dict) else {}


def _lookup(run: Run, value: Any, key: Any) -> Any:
    return UNDEFINED if key is UNDEFINED else lookup(value, key)


def _spread(run: Run, value: Any) -> Any:
    if isinstance(value, list):
        result: Any = sequence()
        for item in value:
            result = append(result, _spread(run, item))
        return result
    if isinstance(value, dict):
        return sequence(Object({key: item}) for key, item in value.items())
    return value


def _merge(run: Run, values: Any) -> Any:
    if values is UNDEFINED:
        return UNDEFINED
    merged = Object()
    for item in values:
        if isinstance(item, list):
            merged.update(_merge(run, item))
        elif isinstance(item, dict):
            merged.update(item)
        else:
            raise Failure("T0412", index=1, token="merge", value=values, type="objects")
    return merged


def _each(run: Run, value: Any, function: Any) -> Any:
    if value is UNDEFINED:
        return UNDEFINED
    results = (apply_item(function, run, item, key, value) for key, item in value.items())
    return sequence(result for result in results if result is not UNDEFINED)


def _sift(run: Run, value: Any, function: Any) -> Any:
    if value is UNDEFINED:
        return UNDEFINED
    if function is UNDEFINED:
        raise Failure("T0410", index=2, token="sift")
    kept = Object(
        (key, item)
        for key, item in value.items()
        if truth(apply_item(function, run, item, key, value))
    )
    return kept or UNDEFINED


def _boolean(run: Run, value: Any) -> Any:
    return UNDEFINED if value is UNDEFINED else truth(value)


def _not(run: Run, value: Any) -> Any:
    return UNDEFINED if value is UNDEFINED else not truth(value)


def _exists(run: Run, value: Any) -> bool:
    return value is not UNDEFINED


def _type(run: Run, value: Any) -> Any:
    return UNDEFINED if value is UNDEFINED else _TYPES[symbol(value)]


def _clone(run: Run, value: Any) -> Any:
    if isinstance(value, list):
        return Array(_clone(run, item) for item in value)
    if isinstance(value, dict):
        return Object((key, _clone(run, item)) for key, item in value.items())
    return "" if is_function(value) else value


def _error(run: Run, message: Any) -> Any:
    raise Failure("D3137", message=message or "$error() function evaluated")


def _assert(run: Run, condition: Any, message: Any) -> Any:
    if condition is not True:
        raise Failure("D3141", message=message or "$assert() statement failed")
    return UNDEFINED


FUNCTIONS = (
    native("keys", _keys, "<x-:a<s>>", 1),
    native("lookup", _lookup, "<x-s:x>", 2),
    native("spread", _spread, "<x-:a<o>>", 1),
    native("merge", _merge, "<a:o>", 1),
    native("each", _each, "<o-f:a>", 2),
    native("sift", _sift, "<o-f?:o>", 2),
    native("boolean", _boolean, "<x-:b>", 1),
    native("not", _not, "<x-:b>", 1),
    native("exists", _exists, "<x:b>", 1),
    native("type", _type, "<x:s>", 1),
    native("clone", _clone, "<(oa)-:o>", 1),
    native("error", _error, "<s?:x>", 1),
    native("assert", _assert, "<bs?:x>", 2),
)
