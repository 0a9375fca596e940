"""Location paths: steps, predicates, grouping, ordering, and tuples for `@`, `#` and `%`."""

from __future__ import annotations

import functools
import math
from typing import Any

from .frames import Frame, Node
from .grouping import compile_group
from .nodes import compile_node, compiles
from .ordering import compile_sort
from .values import (
    UNDEFINED,
    Array,
    is_number,
    lookup,
    sequence,
    truth,
)

Filter = Any  # (value, frame) -> the items that the predicate keeps


@compiles("name")
def _name(symbol: Any) -> Node:
    key = str(symbol.value)
    return lambda context, frame: lookup(context, key)


@compiles("parent")
def _parent(symbol: Any) -> Node:
    label = symbol.slot.label
    return lambda context, frame: frame.lookup(label)


@compiles("wildcard")
def _wildcard(symbol: Any) -> Node:
    def evaluate(context: Any, frame: Frame) -> Any:
        found = sequence()
        if isinstance(context, dict):
            fields: Any = context.values()
        else:
            fields = context if isinstance(context, list) else ()
        for field in fields:
            if isinstance(field, list):
                found.sequence = False  # an array among the fields: one item stays an array
            _flatten(field, found)
        return found

    return evaluate


def _flatten(value: Any, into: Array) -> None:
    if isinstance(value, list):
        for item in value:
            _flatten(item, into)
    else:
        into.append(value)


@compiles("descendant")
def _descendant(symbol: Any) -> Node:
    def collect(value: Any, into: Array) -> None:
        if isinstance(value, list):
            for item in value:
                collect(item, into)
            return
        into.append(value)
        if isinstance(value, dict):
            for item in value.values():
                collect(item, into)

    def evaluate(context: Any, frame: Frame) -> Any:
        found = sequence()
        if context is not UNDEFINED:
            collect(context, found)
        return found

    return evaluate


class _Step:
    """One step of a path, compiled."""

    def __init__(self, symbol: Any) -> None:
        self.kind = symbol.type
        self.constructor = bool(symbol.consarray)
        self.focus = symbol.focus
        self.index = symbol.index
        self.ancestor = None if symbol.ancestor is None else symbol.ancestor.label
        self.tuple = symbol.tuple is not None
        self.node = compile_sort(symbol) if symbol.type == "sort" else compile_node(symbol)
        self.stages = [
            compile_filter(stage.expr) if stage.type == "filter" else _index_stage(stage)
            for stage in symbol.stages or ()
        ]

    def staged(self, value: Any, frame: Frame) -> Any:
        for stage in self.stages:
            value = stage(value, frame)
        return value

    def evaluate(self, items: Any, frame: Frame, last: bool) -> Any:
        """The step for each item, merged into one sequence."""
        if self.kind == "sort":
            return self.staged(self.node(items, frame), frame)
        results = []
        run = frame.run
        for item in _listed(items):
            run.step()
            value = self.staged(self.node(item, frame), frame)
            if value is not UNDEFINED:
                results.append(value)
        if last and len(results) == 1 and isinstance(results[0], list):
            only = results[0]
            if not (type(only) is Array and only.sequence):
                return only
        merged = sequence()
        for value in results:
            if isinstance(value, list) and not (type(value) is Array and value.constructed):
                merged.extend(value)
            else:
                merged.append(value)
        return merged

    def evaluate_tuples(self, items: Any, tuples: Any, frame: Frame) -> Any:
        """The step for each tuple: a new tuple for every item it gives."""
        if self.kind == "sort":
            if tuples is None:
                ordered = self.node(items, frame)
                tuples = [{"@": item, self.index: at} for at, item in enumerate(ordered)]
            else:
                tuples = self.node(tuples, frame)
            return self.staged(_tuple_stream(tuples), frame)
        found = []
        for binding in [{"@": item} for item in _listed(items)] if tuples is None else tuples:
            value = self.node(binding["@"], frame.inner(dict(binding)))
            if value is UNDEFINED:
                continue
            values = value if isinstance(value, list) else [value]
            carried = type(values) is Array and values.tuples
            for at, item in enumerate(values):
                found.append(self._bind(binding, item, at, carried))
        return self.staged(_tuple_stream(found), frame)

    def _bind(self, binding: dict[str, Any], item: Any, at: int, carried: bool) -> dict[str, Any]:
        bound = dict(binding)
        if carried:
            bound.update(item)
            return bound
        if self.focus is not None:
            bound[self.focus] = item
        else:
            bound["@"] = item
        if self.index is not None:
            bound[self.index] = at
        if self.ancestor is not None:
            bound[self.ancestor] = binding["@"]
        return bound


def _listed(items: Any) -> Any:
    """What a step goes through: a first step in brackets may have given no array."""
    return items if isinstance(items, list) else ()


def _tuple_stream(items: Any) -> Array:
    stream = sequence(items)
    stream.tuples = True
    return stream


def _index_stage(stage: Any) -> Filter:
    name = str(stage.value)

    def number_them(tuples: Any, frame: Frame) -> Any:
        for at, binding in enumerate(tuples):
            binding[name] = at
        return tuples

    return number_them


@compiles("path")
def _path(symbol: Any) -> Node:
    general = _general_path(symbol)
    first, *rest = symbol.steps
    simple = (
        first.type == "variable"
        and first.value
        and not any(step.stages or step.predicate or step.tuple for step in symbol.steps)
        and not any(step.keep_array or step.group for step in symbol.steps)
        and all(step.type == "name" for step in rest)
        and symbol.group is None
        and not symbol.keep_singleton_array
    )
    if not simple:
        return general
    name, keys = str(first.value), [str(step.value) for step in rest]

    def evaluate(context: Any, frame: Frame) -> Any:
        value = frame.lookup(name)
        for key in keys:
            if not isinstance(value, dict):
                return general(context, frame)
            value = value.get(key, UNDEFINED)
        return value

    return evaluate


def _general_path(symbol: Any) -> Node:
    steps = [_Step(step) for step in symbol.steps]
    from_variable = symbol.steps[0].type == "variable"
    keep_singleton = bool(symbol.keep_singleton_array)
    group = None if symbol.group is None else compile_group(symbol.group)
    carries_tuples = symbol.tuple is not None

    def evaluate(context: Any, frame: Frame) -> Any:
        many = isinstance(context, list) and not from_variable
        items: Any = context if many else sequence([context])
        result, tuples = _walk(steps, items, frame)
        if tuples is not None:
            result = tuples if carries_tuples else sequence(b["@"] for b in tuples)
        if keep_singleton and type(result) is Array:
            if result.constructed and not result.sequence:
                result = sequence([result])
            result.keep_singleton = True
        if group is not None:
            result = group(result if tuples is None else tuples, frame)
        return result

    return evaluate


def _walk(steps: list[_Step], items: Any, frame: Frame) -> tuple[Any, Any]:
    """The result of all steps, and the tuples if a step binds positions or parents."""
    result: Any = UNDEFINED
    tuples: Any = None
    in_tuples = False
    for at, step in enumerate(steps):
        in_tuples = in_tuples or step.tuple
        if at == 0 and step.constructor:
            result = step.node(items, frame)
        elif in_tuples:
            tuples = step.evaluate_tuples(items, tuples, frame)
        else:
            result = step.evaluate(items, frame, at == len(steps) - 1)
        if not in_tuples and (result is UNDEFINED or result == []):
            break
        if step.focus is None:
            items = result
    return result, (tuples if tuples is not None or not in_tuples else sequence())


def compile_filter(predicate: Any) -> Filter:
    """A predicate: positions pick items, anything else keeps the items for which it is true."""
    if predicate.type == "number":
        return functools.partial(_item_at, math.floor(predicate.value))
    condition = compile_node(predicate)

    def keep(value: Any, frame: Frame) -> Any:
        kept = sequence()
        kept.tuples = type(value) is Array and value.tuples
        items = value if isinstance(value, list) else _as_items(value)
        size = len(items)
        for at, item in enumerate(items):
            frame.run.step()
            if kept.tuples:
                chosen = condition(item["@"], frame.inner(dict(item)))
            else:
                chosen = condition(item, frame)
            positions = _positions(chosen)
            if positions is None:
                if truth(chosen):
                    kept.append(item)
                continue
            for position in positions:
                if (position + size if position < 0 else position) == at:
                    kept.append(item)
        return kept

    return keep


def _as_items(value: Any) -> list[Any]:
    return [] if value is UNDEFINED else [value]


def _positions(value: Any) -> list[int] | None:
    """Whole positions if the value is a number or an array of numbers."""
    if isinstance(value, list):
        numbers = all(is_number(item) for item in value)
        return [math.floor(item) for item in value] if numbers else None
    return [math.floor(value)] if is_number(value) else None


def _item_at(position: int, value: Any, frame: Frame) -> Any:
    items = value if isinstance(value, list) else _as_items(value)
    if position < 0:
        position += len(items)
    if not 0 <= position < len(items):
        return sequence()
    item = items[position]
    if isinstance(item, list):
        return item
    picked = sequence([item])
    picked.tuples = type(value) is Array and value.tuples
    return picked


def with_predicates(node: Node, filters: list[Filter]) -> Node:
    """A node whose value goes through predicates."""

    def evaluate(context: Any, frame: Frame) -> Any:
        value = node(context, frame)
        for keep in filters:
            value = keep(value, frame)
        return value

    return evaluate
