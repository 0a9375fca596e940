"""How deep an expression nests: the service evaluates at most 100 levels.

A level is one node inside another, counted as JSONata counts its evaluations: an operand lies one
level below its operator, a step one below its path, the body of a function one below the call. The
levels inside one body are known when it is compiled; a call adds the level that it stands on.
"""

from __future__ import annotations

from typing import Any

from .children import nodes_below

LIMIT = 100  # levels, measured on AWS


def measure(symbol: Any, level: int = 1) -> int:
    """The deepest level of a tree; calls get their own as `nesting`, functions their `deepest`."""
    symbol.nesting = level
    deepest = level
    if symbol.type == "lambda":
        symbol.deepest = measure(_body(symbol))
    else:
        for child in nodes_below(symbol):
            deepest = max(deepest, measure(child, level + 1))
    for predicate in symbol.predicate or ():
        deepest = max(deepest, measure(predicate.expr, level + 1))
    return deepest


def _body(symbol: Any) -> Any:
    """What a call of the function evaluates: a tail call is made by whoever called it."""
    body = symbol.body
    return body.body if body.type == "lambda" and body.thunk else body
