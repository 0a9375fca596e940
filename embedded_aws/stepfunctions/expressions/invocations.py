"""Calls, lambdas, partial application and `~>`."""

from __future__ import annotations

from typing import Any

from .calls import (
    HOLE,
    Chain,
    Lambda,
    Partial,
    TailCall,
    apply,
    apply_named,
    is_function,
    names_of,
)
from .failures import Failure
from .frames import Frame, Node
from .nodes import compile_node, compiles
from .values import UNDEFINED


class _CallParts:
    """What a call is made of: the function's node, the name it is called by, argument nodes."""

    def __init__(self, symbol: Any) -> None:
        procedure = symbol.procedure
        self.procedure = compile_node(procedure)
        self.is_path = procedure.type == "path"
        self.name = procedure.steps[0].value if self.is_path else procedure.value
        self.arguments = [compile_node(argument) for argument in symbol.arguments]
        self.level = symbol.nesting

    def function(self, context: Any, frame: Frame) -> Any:
        function = self.procedure(context, frame)
        if function is UNDEFINED and self.is_path and frame.lookup(str(self.name)) is not UNDEFINED:
            raise Failure("T1005", token=self.name)  # the leading $ was forgotten
        return function

    def values(self, context: Any, frame: Frame) -> list[Any]:
        return [argument(context, frame) for argument in self.arguments]


@compiles("function")
def _call(symbol: Any) -> Node:
    parts = _CallParts(symbol)

    def evaluate(context: Any, frame: Frame) -> Any:
        function = parts.function(context, frame)
        arguments = parts.values(context, frame)
        return apply_named(function, parts.name, arguments, context, frame.run, parts.level)

    return evaluate


@compiles("lambda")
def _lambda(symbol: Any) -> Node:
    if symbol.thunk:
        return _tail_call(symbol.body)
    parameters = names_of(symbol.arguments)
    body = compile_node(symbol.body)
    signature, deepest = symbol.signature, symbol.deepest

    def evaluate(context: Any, frame: Frame) -> Any:
        return Lambda(parameters, body, signature, context, frame, len(parameters), deepest)

    return evaluate


def _tail_call(symbol: Any) -> Node:
    parts = _CallParts(symbol)

    def evaluate(context: Any, frame: Frame) -> Any:
        function = parts.function(context, frame)
        return TailCall(function, parts.name, parts.values(context, frame), context)

    return evaluate


@compiles("partial")
def _partial(symbol: Any) -> Node:
    procedure = compile_node(symbol.procedure)
    is_path = symbol.procedure.type == "path"
    name = symbol.procedure.steps[0].value if is_path else symbol.procedure.value
    arguments = [
        None if argument.type == "operator" and argument.value == "?" else compile_node(argument)
        for argument in symbol.arguments
    ]

    def evaluate(context: Any, frame: Frame) -> Any:
        values = tuple(HOLE if a is None else a(context, frame) for a in arguments)
        function = procedure(context, frame)
        if is_function(function):
            return Partial(function, values, values.count(HOLE))
        if is_path and frame.lookup(str(name)) is not UNDEFINED:
            raise Failure("T1007", token=name)
        raise Failure("T1008", token=name)

    return evaluate


@compiles("apply")
def _apply(symbol: Any) -> Node:
    left = compile_node(symbol.lhs)
    if symbol.rhs.type == "function" and not symbol.rhs.predicate:
        parts = _CallParts(symbol.rhs)

        def evaluate_call(context: Any, frame: Frame) -> Any:
            value = left(context, frame)
            function = parts.function(context, frame)
            arguments = [value, *parts.values(context, frame)]
            return apply_named(function, parts.name, arguments, context, frame.run, parts.level)

        return evaluate_call
    right = compile_node(symbol.rhs)

    def evaluate(context: Any, frame: Frame) -> Any:
        value, function = left(context, frame), right(context, frame)
        if not is_function(function):
            raise Failure("T2006", value=function)
        if is_function(value):
            return Chain(value, function)
        return apply(function, [value], None, frame.run)

    return evaluate
