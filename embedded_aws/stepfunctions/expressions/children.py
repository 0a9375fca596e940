"""The nodes of a syntax tree: which stand inside which, and what they have as their context."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def nodes_below(symbol: Any) -> Iterator[Any]:
    """The nodes that are evaluated as parts of a node; not its predicates, nor a lambda's body."""
    yield from in_context(symbol)
    yield from in_items(symbol)


def in_context(symbol: Any) -> Iterator[Any]:
    """The parts that have the same context value as the node itself."""
    match symbol.type:
        case "path":
            yield symbol.steps[0]
        case "binary" | "apply":
            yield from (symbol.lhs, symbol.rhs)
        case "bind":
            yield symbol.rhs
        case "condition":
            yield from (symbol.condition, symbol.then)
            if symbol._else is not None:
                yield symbol._else
        case "function" | "partial":
            yield symbol.procedure
            yield from (part for part in symbol.arguments if part.type != "operator")
        case "block":
            yield from symbol.expressions
        case "unary":
            yield from symbol.expressions or ()
            if symbol.expression is not None:
                yield symbol.expression
            yield from _pairs(symbol)


def in_items(symbol: Any) -> Iterator[Any]:
    """The parts whose context is an item that the node has found."""
    match symbol.type:
        case "path":
            yield from symbol.steps[1:]
            for step in symbol.steps:
                yield from (stage.expr for stage in step.stages or () if stage.type != "index")
        case "sort":
            yield from (term.expression for term in symbol.terms)
        case "transform":
            yield from (symbol.pattern, symbol.update)
            if symbol.delete is not None:
                yield symbol.delete
    if symbol.group is not None:
        yield from _pairs(symbol.group)


def _pairs(symbol: Any) -> Iterator[Any]:
    for pair in symbol.lhs_object or ():
        yield from pair
