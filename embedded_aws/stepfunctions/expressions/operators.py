"""Literals, operators, constructors, variables, blocks and conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .calls import apply, is_function
from .failures import MEMORY, MEMORY_LIMIT, NUMBER_BYTES, Failure, LimitExceeded
from .frames import Frame, Node
from .functions.texts import to_text
from .nodes import compile_node, compiles, constant, nothing
from .values import (
    UNDEFINED,
    Array,
    Regex,
    equal,
    is_number,
    less,
    number,
    sequence,
    truth,
)

RANGE_LIMIT = 10_000_000  # items of `[a..b]`, JSONata's own limit


@compiles("string", "number", "value")
def _literal(symbol: Any) -> Node:
    return constant(symbol.value)


@compiles("regex")
def _regex(symbol: Any) -> Node:
    return constant(Regex(symbol.value))


@compiles("variable")
def _variable(symbol: Any) -> Node:
    name = str(symbol.value)
    if name == "":
        return lambda context, frame: context
    return lambda context, frame: frame.lookup(name)


@compiles("block")
def _block(symbol: Any) -> Node:
    parts = [compile_node(part) for part in symbol.expressions]

    def evaluate(context: Any, frame: Frame) -> Any:
        inner = frame.inner()
        result: Any = UNDEFINED
        for part in parts:
            result = part(context, inner)
        return result

    return evaluate


@compiles("bind")
def _bind(symbol: Any) -> Node:
    name = str(symbol.lhs.value)
    right = compile_node(symbol.rhs)

    def evaluate(context: Any, frame: Frame) -> Any:
        value = right(context, frame)
        frame.bind(name, value)
        return value

    return evaluate


@compiles("condition")
def _condition(symbol: Any) -> Node:
    condition, then = compile_node(symbol.condition), compile_node(symbol.then)
    otherwise = nothing if symbol._else is None else compile_node(symbol._else)

    def evaluate(context: Any, frame: Frame) -> Any:
        chosen = then if truth(condition(context, frame)) else otherwise
        return chosen(context, frame)

    return evaluate


@compiles("unary")
def _unary(symbol: Any) -> Node:
    from .grouping import compile_object

    match str(symbol.value):
        case "-":
            return _negation(symbol)
        case "[":
            return _array(symbol)
        case _:
            return compile_object(symbol)


def _negation(symbol: Any) -> Node:
    operand = compile_node(symbol.expression)

    def evaluate(context: Any, frame: Frame) -> Any:
        value = operand(context, frame)
        if value is UNDEFINED:
            return UNDEFINED
        if not is_number(value):
            raise Failure("D1002", value=value, token="-")
        return number(-value)

    return evaluate


def _array(symbol: Any) -> Node:
    # an item that is itself `[...]` keeps its brackets, any other array is merged into this one
    items = [(compile_node(item), str(item.value) == "[") for item in symbol.expressions]
    constructed = bool(symbol.consarray)

    def evaluate(context: Any, frame: Frame) -> Any:
        result = Array()
        for item, nested in items:
            value = item(context, frame)
            if value is UNDEFINED:
                continue
            if isinstance(value, list) and not nested:
                result.extend(value)
            else:
                result.append(value)
        result.constructed = constructed
        return result

    return evaluate


@compiles("binary")
def _binary(symbol: Any) -> Node:
    token = str(symbol.value)
    left, right = compile_node(symbol.lhs), compile_node(symbol.rhs)
    if token == "and":
        return lambda context, frame: truth(left(context, frame)) and truth(right(context, frame))
    if token == "or":
        return lambda context, frame: truth(left(context, frame)) or truth(right(context, frame))
    operation = OPERATIONS[token]

    def evaluate(context: Any, frame: Frame) -> Any:
        return operation(left(context, frame), right(context, frame))

    return evaluate


def _arithmetic(token: str, calculate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operation(left: Any, right: Any) -> Any:
        if left is not UNDEFINED and not is_number(left):
            raise Failure("T2001", token=token, value=left)
        if right is not UNDEFINED and not is_number(right):
            raise Failure("T2002", token=token, value=right)
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        try:
            return number(calculate(left, right))
        except OverflowError:
            return number(calculate(float(left), float(right)))

    return operation


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    if not left:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right else math.nan


def _comparison(token: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def kind(value: Any) -> str:
        if type(value) is str:
            return "string"
        return "number" if type(value) in (int, float) else ""

    def operation(left: Any, right: Any) -> Any:
        kinds = kind(left), kind(right)
        wrong = [
            v for v, k in zip((left, right), kinds, strict=True) if not k and v is not UNDEFINED
        ]
        if wrong:
            raise Failure("T2010", token=token, value=wrong[0])
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        if kinds[0] != kinds[1]:
            raise Failure("T2009", token=token, value=left, value2=right)
        return compare(left, right)

    return operation


def _equal(left: Any, right: Any) -> bool:
    return left is not UNDEFINED and right is not UNDEFINED and equal(left, right)


def _unequal(left: Any, right: Any) -> bool:
    return left is not UNDEFINED and right is not UNDEFINED and not equal(left, right)


def _concat(left: Any, right: Any) -> str:
    text = ("" if left is UNDEFINED else to_text(left)) + (
        "" if right is UNDEFINED else to_text(right)
    )
    if len(text) > MEMORY_LIMIT:
        raise LimitExceeded(MEMORY)
    return text


def _includes(left: Any, right: Any) -> bool:
    if left is UNDEFINED or right is UNDEFINED:
        return False
    if isinstance(left, list | dict):
        return False  # arrays and objects are compared by identity, and no two are the same
    return any(equal(left, item) for item in (right if isinstance(right, list) else [right]))


def _range(left: Any, right: Any) -> Any:
    for code, bound in (("T2003", left), ("T2004", right)):
        whole = type(bound) is int or (type(bound) is float and bound.is_integer())
        if bound is not UNDEFINED and not whole:
            raise Failure(code, value=bound)
    if left is UNDEFINED or right is UNDEFINED or left > right:
        return UNDEFINED
    size = int(right) - int(left) + 1
    if size > RANGE_LIMIT:
        raise Failure("D2014", value=size)
    if size * NUMBER_BYTES > MEMORY_LIMIT:
        raise LimitExceeded(MEMORY)
    return sequence(range(int(left), int(right) + 1))


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _arithmetic("+", lambda a, b: a + b),
    "-": _arithmetic("-", lambda a, b: a - b),
    "*": _arithmetic("*", lambda a, b: a * b),
    "/": _arithmetic("/", _divide),
    "%": _arithmetic("%", _remainder),
    "<": _comparison("<", less),
    "<=": _comparison("<=", lambda a, b: a == b or less(a, b)),
    ">": _comparison(">", lambda a, b: less(b, a)),
    ">=": _comparison(">=", lambda a, b: a == b or less(b, a)),
    "=": _equal,
    "!=": _unequal,
    "&": _concat,
    "in": _includes,
    "..": _range,
}


@compiles("transform")
def _transform(symbol: Any) -> Node:
    from .calls import native

    pattern, update = compile_node(symbol.pattern), compile_node(symbol.update)
    delete = nothing if symbol.delete is None else compile_node(symbol.delete)

    def evaluate(context: Any, frame: Frame) -> Any:
        def transform(run: Any, value: Any) -> Any:
            if value is UNDEFINED:
                return UNDEFINED
            clone = frame.lookup("clone")
            if not is_function(clone):
                raise Failure("T2013")
            result = apply(clone, [value], None, run)
            matches = pattern(result, frame)
            if matches is not UNDEFINED:
                for found in matches if isinstance(matches, list) else [matches]:
                    _merge(found, update(found, frame))
                    _remove(found, delete(found, frame))
            return result

        return native("transform", transform, "<(oa):o>", 1)

    return evaluate


def _merge(target: Any, update: Any) -> None:
    if update is UNDEFINED:
        return
    if not isinstance(update, dict):
        raise Failure("T2011", value=update)
    if isinstance(target, dict):
        target.update(update)


def _remove(target: Any, names: Any) -> None:
    if names is UNDEFINED:
        return
    listed = names if isinstance(names, list) else [names]
    if not all(type(name) is str for name in listed):
        raise Failure("T2012", value=names)
    for name in listed:
        if isinstance(target, dict):
            target.pop(name, None)
