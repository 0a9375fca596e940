"""The order-by step `^(...)`."""

from __future__ import annotations

from typing import Any

from .failures import Failure
from .frames import Frame, Node
from .nodes import compile_node
from .sorting import merge_sorted
from .values import UNDEFINED, Array, less


def compile_sort(symbol: Any) -> Node:
    """Orders the items of a step by its terms; undefined terms come last."""
    terms = [(compile_node(term.expression), bool(term.descending)) for term in symbol.terms]

    def evaluate(items: Any, frame: Frame) -> Any:
        if not isinstance(items, list) or len(items) <= 1:
            return items
        tuples = type(items) is Array and items.tuples
        keyed: list[tuple[list[Any], Any]] = []
        for item in items:
            inner = frame.inner(dict(item)) if tuples else frame
            context = item["@"] if tuples else item
            keyed.append(([term(context, inner) for term, _ in terms], item))
        ordered = merge_sorted(keyed, lambda a, b: _compare(a[0], b[0], terms) > 0)
        result = Array(item for _, item in ordered)
        result.tuples = tuples
        if tuples:
            result.sequence = True
        return result

    return evaluate


def _compare(left: list[Any], right: list[Any], terms: list[tuple[Node, bool]]) -> int:
    for a, b, (_, descending) in zip(left, right, terms, strict=True):
        if a is UNDEFINED or b is UNDEFINED:
            if a is not b:
                return 1 if a is UNDEFINED else -1  # undefined comes last in either direction
            continue
        if not (_sortable(a) and _sortable(b)):
            raise Failure("T2008", value=b if _sortable(a) else a)
        if (type(a) is str) != (type(b) is str):
            raise Failure("T2007", value=a, value2=b)
        if a != b:
            return (-1 if less(a, b) else 1) * (-1 if descending else 1)
    return 0


def _sortable(value: Any) -> bool:
    return type(value) in (str, int, float)
