"""Functions and their application: lambdas, built-ins, partial application and tail calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jsonata.signature import Signature

from .depth import LIMIT
from .failures import DEPTH, Failure, LimitExceeded
from .frames import Frame, Node, Run
from .values import (
    UNDEFINED,
    Array,
    Function,
    Object,
    Regex,
    symbol,
    utf16,
)

ITEMS = {
    "a": "arrays",
    "b": "booleans",
    "f": "functions",
    "n": "numbers",
    "o": "objects",
    "s": "strings",
}
HOLE = object()
"""The `?` of a partial application."""


@dataclass(frozen=True, slots=True)
class Lambda(Function):
    """A function that the expression defines, with the frame it was defined in.

    `deepest` is the deepest level of its body.
    """

    parameters: tuple[str, ...]
    body: Node
    signature: Signature | None
    context: Any
    frame: Frame
    arity: int
    deepest: int


@dataclass(frozen=True, slots=True)
class Native(Function):
    """A built-in: `implementation(run, *arguments)`, absent arguments are UNDEFINED."""

    name: str
    implementation: Callable[..., Any]
    signature: Signature
    arity: int
    width: int  # positional arguments of the implementation; -1 takes any number


@dataclass(frozen=True, slots=True)
class Partial(Function):
    """A function with some of its arguments given."""

    function: Function
    arguments: tuple[Any, ...]
    arity: int


@dataclass(frozen=True, slots=True)
class Chain(Function):
    """`first ~> second` of two functions."""

    first: Function
    second: Function
    arity: int = 1


@dataclass(frozen=True, slots=True)
class TailCall:
    """A call at the end of a lambda, made by the caller so that recursion does not grow."""

    procedure: Any
    name: Any
    arguments: list[Any]
    context: Any


def apply(function: Any, arguments: list[Any], context: Any, run: Run) -> Any:
    """Calls a function; `context` stands in for a missing first argument of a built-in."""
    result = _apply_once(function, arguments, context, run)
    while type(result) is TailCall:
        try:
            result = _apply_once(result.procedure, result.arguments, result.context, run)
        except Failure as failure:
            failure.words.setdefault("token", result.name)
            raise
    return result


def apply_named(
    function: Any, name: Any, arguments: list[Any], context: Any, run: Run, level: int
) -> Any:
    """As apply, for a call on a level; an error without a token gets the name that it used."""
    run.depth += level
    try:
        result = apply(function, arguments, context, run)
        run.depth -= level
        return result
    except Failure as failure:
        failure.words.setdefault("token", name)
        raise


def apply_item(function: Any, run: Run, *arguments: Any) -> Any:
    """Calls a function for one item of a higher-order function: it gets what it can take."""
    return apply(function, list(arguments[: max(function.arity, 1)]), None, run)


def _apply_once(function: Any, arguments: list[Any], context: Any, run: Run) -> Any:
    run.step()
    kind = type(function)
    if kind is Native:
        checked = validate(function.signature, arguments, context, function.name)
        if function.width >= 0:
            missing = function.width - len(checked)
            if missing > 0:
                checked = checked + [UNDEFINED] * missing
        return function.implementation(run, *checked)
    if kind is Lambda:
        if run.depth + function.deepest > LIMIT:
            raise LimitExceeded(DEPTH)
        if function.signature is not None:
            arguments = validate(function.signature, arguments, context, None)
        given = len(arguments)
        names = {
            name: arguments[index] if index < given else UNDEFINED
            for index, name in enumerate(function.parameters)
        }
        return function.body(function.context, function.frame.inner(names))
    if kind is Partial:
        return _apply_once(function.function, _filled(function, arguments), context, run)
    if kind is Chain:
        first = apply(function.first, arguments, context, run)
        return apply(function.second, [first], None, run)
    if kind is Regex:
        text = arguments[0] if arguments else UNDEFINED
        return match_at(function, text, 0) if type(text) is str else UNDEFINED
    if callable(function):  # the `next` of a match
        return function()
    raise Failure("T1006")


def _filled(partial: Partial, arguments: list[Any]) -> list[Any]:
    """The arguments of a partial application with its holes filled in order."""
    rest = iter(arguments)
    filled = [next(rest, UNDEFINED) if a is HOLE else a for a in partial.arguments]
    while filled and filled[-1] is UNDEFINED:
        filled.pop()
    return filled


class Match(Function):
    """The `next` of a match: a function of no arguments."""

    arity = 0

    def __init__(self, advance: Callable[[], Any]) -> None:
        self.advance = advance

    def __call__(self) -> Any:
        return self.advance()


def match_at(regex: Regex, text: str, position: int) -> Any:
    """The match object of a regular expression from a position on, or UNDEFINED."""
    found = regex.pattern.search(text, position)
    if found is None:
        return UNDEFINED

    def advance() -> Any:
        if found.end() >= len(text):
            return UNDEFINED
        following = match_at(regex, text, found.end())
        if following is not UNDEFINED and following["match"] == "":
            raise Failure("D1004", value=regex.pattern.pattern)
        return following

    def units(part: str) -> int:
        return len(part) if text.isascii() else len(utf16(part)) // 2

    return Object(
        match=found[0],
        start=units(text[: found.start()]),
        end=units(text[: found.end()]),
        groups=list(found.groups()),
        next=Match(advance),
    )


def validate(
    signature: Signature, arguments: list[Any], context: Any, token: str | None
) -> list[Any]:
    """The arguments as the signature wants them: context filled in, single values as arrays.

    Raises T0410, T0411 or T0412 with the position of the first argument that does not fit.
    """
    supplied = "".join(map(symbol, arguments))
    found = signature._regex.fullmatch(supplied)
    if found is None:
        _refuse(signature, supplied, token)
    checked: list[Any] = []
    position = 0
    for index, parameter in enumerate(signature._params):
        matched = found[index + 1]
        if matched == "" and parameter.context:
            if not re.fullmatch(parameter.regex.removesuffix("?"), symbol(context)):
                raise _failure("T0411", token, value=context, index=position + 1)
            checked.append(context)
        elif matched == "":
            checked.append(arguments[position] if position < len(arguments) else UNDEFINED)
            position += 1
        for letter in matched:
            value = arguments[position]
            if parameter.type == "a":
                value = _as_array(value, letter, parameter.subtype, position + 1, token)
            checked.append(value)
            position += 1
    return checked


def _as_array(value: Any, letter: str, subtype: str | None, index: int, token: str | None) -> Any:
    if letter == "m":
        return UNDEFINED
    if subtype is not None:
        kinds = {symbol(item) for item in value} if letter == "a" else {letter}
        if kinds - {subtype[0]}:
            raise _failure("T0412", token, value=value, index=index, type=ITEMS[subtype[0]])
    return value if letter == "a" else Array([value])


def _refuse(signature: Signature, supplied: str, token: str | None) -> None:
    """Raises T0410 for the first argument that no reading of the signature takes."""
    pattern = ""
    good = 0
    for parameter in signature._params:
        pattern += parameter.regex
        found = re.match(pattern, supplied)
        if found is None:
            break
        good = found.end()
    raise _failure("T0410", token, index=good + 1)


def _failure(code: str, token: str | None, **words: Any) -> Failure:
    return Failure(code, **words) if token is None else Failure(code, token=token, **words)


def native(name: str, implementation: Callable[..., Any], signature: str, arity: int) -> Native:
    """A built-in from its JSONata signature."""
    code = implementation.__code__
    any_number = code.co_flags & 0x04  # *arguments
    width = -1 if any_number else code.co_argcount - 1
    return Native(name, implementation, Signature(signature, name), arity, width)


def is_function(value: Any) -> bool:
    """Whether a value can be applied."""
    return isinstance(value, Function)


def names_of(symbols: Sequence[Any]) -> tuple[str, ...]:
    """The parameter names of a lambda's argument symbols."""
    return tuple(str(parameter.value) for parameter in symbols)
