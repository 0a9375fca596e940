"""The values of JSONata: JSON as Python has it, plus undefined, sequences and functions.

JSON null is None and undefined is UNDEFINED, so data is bound as it is, never converted. Lists
and objects that an expression builds are of the classes below; a plain list or dict in a result
therefore comes unchanged from the input and is never walked or copied.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, final

from .failures import Failure


@final
class Undefined:
    """The type of UNDEFINED, the absence of a value."""

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Undefined()


class Array(list[Any]):
    """A list that an expression built.

    sequence        a result of a path or a function: one item counts as the item, none as undefined
    keep_singleton  a sequence marked with `[]`: one item stays an array
    constructed     built by `[...]` as a step: not merged into the surrounding sequence
    tuples          items are bindings of `@`, `#` or `%` rather than values
    """

    __slots__ = ("constructed", "keep_singleton", "sequence", "tuples")

    def __init__(self, items: Any = (), sequence: bool = False) -> None:
        super().__init__(items)
        self.sequence = sequence
        self.keep_singleton = False
        self.constructed = False
        self.tuples = False


class Object(dict[str, Any]):
    """An object that an expression built."""

    __slots__ = ()


class Function:
    """Anything that can be applied; `arity` is how many arguments a higher-order call passes."""

    arity: int


class Regex(Function):
    """A compiled regular expression literal."""

    arity = 1

    def __init__(self, pattern: Any) -> None:
        self.pattern = pattern


def sequence(items: Any = ()) -> Array:
    """A new sequence of `items`."""
    return Array(items, sequence=True)


def unwrap(value: Any, keep_array: bool = False) -> Any:
    """A finished sequence as a value: nothing, its one item, or itself."""
    if type(value) is not Array or not value.sequence or value.tuples:
        return value
    if keep_array:
        value.keep_singleton = True
    if not value:
        return UNDEFINED
    if len(value) == 1 and not value.keep_singleton:
        return value[0]
    return value


def is_number(value: Any) -> bool:
    """Whether `value` can be calculated with; raises D1001 for what a division left infinite."""
    kind = type(value)
    if kind is int:
        return True
    if kind is not float or math.isnan(value):
        return False
    if math.isinf(value):
        raise Failure("D1001", value=value)
    return True


def number(value: float) -> int | float:
    """The result of a calculation: a double, written without a fraction where it has none."""
    if type(value) is int:
        if -(2**53) <= value <= 2**53:
            return value
        try:
            value = float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def symbol(value: Any) -> str:
    """The letter of a value's type in a function signature."""
    if value is UNDEFINED:
        return "m"
    if value is None:
        return "l"
    kind = type(value)
    if kind is str:
        return "s"
    if kind is bool:
        return "b"
    if kind is int or kind is float:
        return "n"
    if isinstance(value, list):
        return "a"
    return "o" if isinstance(value, dict) else "f"


def lookup(value: Any, key: str) -> Any:
    """The field of an object, or the fields of a list's objects as a sequence."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if not isinstance(value, list):
        return UNDEFINED
    found = sequence()
    for item in value:
        field = lookup(item, key)
        if isinstance(field, list):
            found.extend(field)
        elif field is not UNDEFINED:
            found.append(field)
    return found


def append(left: Any, right: Any) -> Any:
    """$append: one array of both; undefined adds nothing."""
    if left is UNDEFINED:
        return right
    if right is UNDEFINED:
        return left
    return Array(
        (left if isinstance(left, list) else [left])
        + (right if isinstance(right, list) else [right])
    )


def truth(value: Any) -> bool:
    """$boolean of a value; undefined is false."""
    if isinstance(value, list):
        return any(truth(item) for item in value)
    if isinstance(value, Function):
        return False
    return bool(value) and value == value  # NaN is the one value that differs from itself


def equal(left: Any, right: Any) -> bool:
    """Equality by value; true and 1 differ."""
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(equal(a, b) for a, b in zip(left, right, strict=True))
        )
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(equal(item, right[key]) for key, item in left.items())
        )
    if type(left) is int and type(right) is int:
        return left == right or number(left) == number(right)
    return (type(left) is bool) is (type(right) is bool) and bool(left == right)


def utf16(text: str) -> bytes:
    """The text as UTF-16 units, which is how strings are ordered and counted."""
    return text.encode("utf-16-be", "surrogatepass")


def less(left: Any, right: Any) -> bool:
    """left < right for two numbers or two strings."""
    if type(left) is str and not (left.isascii() and right.isascii()):
        return utf16(left) < utf16(right)
    return bool(left < right)


def plain(value: Any, unsupported: Callable[[Any], Exception]) -> Any:
    """The result as JSON: lists and dicts only, doubles that are no numbers as AWS writes them.

    Raises what `unsupported` makes of a function anywhere in the result.
    """
    if type(value) is Array:
        return [plain(item, unsupported) for item in value]
    if type(value) is Object:
        return {key: plain(item, unsupported) for key, item in value.items()}
    if isinstance(value, Function):
        raise unsupported(value)
    if type(value) is float and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if type(value) is int and not -(2**53) <= value <= 2**53:
        return number(value)
    return value
