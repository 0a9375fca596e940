"""From a syntax tree to closures: each kind of symbol registers its compiler here.

A compiled node evaluates without touching the tree, so one compiled expression serves any number
of evaluations at once, in any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .frames import Frame, Node
from .values import UNDEFINED, unwrap

_compilers: dict[str, Callable[[Any], Node]] = {}


def compiles(*kinds: str) -> Callable[[Callable[[Any], Node]], Callable[[Any], Node]]:
    """Registers a function that compiles symbols of these types."""

    def register(function: Callable[[Any], Node]) -> Callable[[Any], Node]:
        for kind in kinds:
            _compilers[kind] = function
        return function

    return register


def compile_node(symbol: Any) -> Node:
    """The node of a symbol with its predicates, its grouping and the unwrapping of sequences."""
    from . import grouping, paths

    node = _compilers[symbol.type](symbol)
    if symbol.predicate:
        node = paths.with_predicates(node, [paths.compile_filter(p.expr) for p in symbol.predicate])
    if symbol.type != "path" and symbol.group is not None:
        node = grouping.with_group(node, grouping.compile_group(symbol.group))
    if symbol.type in ("string", "number", "value", "regex") and not symbol.predicate:
        return node
    keep_array = bool(symbol.keep_array)

    def evaluate(context: Any, frame: Frame) -> Any:
        return unwrap(node(context, frame), keep_array)

    return evaluate


def constant(value: Any) -> Node:
    """A node that always gives the same value."""
    return lambda context, frame: value


def nothing(context: Any, frame: Frame) -> Any:
    """The node of an absent expression."""
    return UNDEFINED
