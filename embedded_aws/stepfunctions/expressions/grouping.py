"""Grouping: `{key: value}` over a sequence, which is also how objects are built."""

from __future__ import annotations

from typing import Any

from .failures import Failure
from .frames import Frame, Node
from .nodes import compile_node
from .values import UNDEFINED, Array, Object, append


def with_group(node: Node, group: Any) -> Node:
    """A node whose value is grouped into an object."""
    return lambda context, frame: group(node(context, frame), frame)


def compile_object(symbol: Any) -> Node:
    """`{...}` as an expression: grouping of the context."""
    return compile_group(symbol)


def compile_group(symbol: Any) -> Node:
    """`{key: value}`: items with the same key are grouped before the value is evaluated."""
    pairs = [(compile_node(key), compile_node(value)) for key, value in symbol.lhs_object]

    def evaluate(value: Any, frame: Frame) -> Any:
        tuples = type(value) is Array and value.tuples and bool(value)
        items = (value if isinstance(value, list) else [value]) or [UNDEFINED]
        groups: dict[str, tuple[Any, int]] = {}
        for item in items:
            inner = frame.inner(dict(item)) if tuples else frame
            context = item["@"] if tuples else item
            for at, (key, _) in enumerate(pairs):
                _add_to_group(groups, key(context, inner), item, at)
        result = Object()
        for name, (data, at) in groups.items():
            inner, context = frame, data
            if tuples:
                binding = _reduced(data)
                context = binding.pop("@")
                inner = frame.inner(binding)
            field = pairs[at][1](context, inner)
            if field is not UNDEFINED:
                result[name] = field
        return result

    return evaluate


def _add_to_group(groups: dict[str, tuple[Any, int]], key: Any, item: Any, at: int) -> None:
    if key is UNDEFINED:
        return
    if type(key) is not str:
        raise Failure("T1003", value=key)
    if key not in groups:
        groups[key] = (item, at)
    elif groups[key][1] != at:
        raise Failure("D1009", value=key)
    else:
        groups[key] = (append(groups[key][0], item), at)


def _reduced(data: Any) -> dict[str, Any]:
    """The tuples of one group as one tuple of arrays."""
    if not isinstance(data, list):
        return dict(data)
    merged = dict(data[0])
    for binding in data[1:]:
        for name, item in binding.items():
            merged[name] = append(merged.get(name, UNDEFINED), item)
    return merged
