"""The items of a Map and what an iteration gets of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .definition import Map
from .errors import EvaluationError, StatesError
from .jsontext import dumps
from .map_io import Items
from .step import RUNTIME, Step

STATE_DATA = "STATE_DATA"  # Map.Item.Source of items that no reader read


def items_of(step: Step, state: Map) -> Any:
    """The Items expression, else the input: an array, for a Distributed Map also an object."""
    if state.items is not None:
        return step.evaluate(state.items)
    kinds = list | dict if state.distributed else list
    if not isinstance(step.input, kinds) and not state.jsonata:
        raise StatesError(RUNTIME, step.sentence('Reference path "$" must point to array.'))
    if not isinstance(step.input, kinds):
        raise EvaluationError(
            "", "", f"Map state input must be an array but was: {dumps(step.input)}"
        )
    return step.input


def percentage_of(step: Step, state: Map) -> float:
    """ToleratedFailurePercentage, 0 where it is not given."""
    if state.tolerated_percentage is None:
        return 0.0
    value = step.evaluate(state.tolerated_percentage)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise EvaluationError(
            "ToleratedFailurePercentage",
            "",
            "The ToleratedFailurePercentage field must be a number between 0 and 100"
            f" but was: {value}",
        )
    return float(value)


def select(step: Step, state: Map, item: Mapping[str, Any]) -> Any:
    """The input of an iteration: ItemSelector over `$states.context.Map.Item`, else the value."""
    if state.selector is None:
        return item["Value"]
    outer, step.item = step.item, item
    try:
        return step.evaluate(state.selector)
    finally:
        step.item = outer


class Source:
    """The items of a Distributed Map as entries of `$states.context.Map.Item`."""

    def __init__(self, values: Any) -> None:
        self._values: list[Any] = list(values.items()) if isinstance(values, dict) else values
        self._pairs = isinstance(values, dict)
        self._read = values if isinstance(values, Items) else None

    def saved(self) -> dict[str, Any]:
        """JSON-able data for `from_saved`."""
        values = dict(self._values) if self._pairs else list(self._values)
        if self._read is None:
            return {"values": values}
        read = self._read
        return {
            "values": values,
            "source": read.source,
            "sources": read.sources,
            "keyed": read.keyed,
        }

    @classmethod
    def from_saved(cls, data: dict[str, Any]) -> Source:
        """The items that `saved` was called on."""
        if "source" not in data:
            return cls(data["values"])
        items = Items(data["values"], data["source"], data["keyed"])
        items.sources = data["sources"]
        return cls(items)

    def __len__(self) -> int:
        return len(self._values)

    def entry(self, index: int) -> dict[str, Any]:
        """Index and Value, where the item came from, and Key for a member of an object."""
        value = self._values[index]
        entry: dict[str, Any] = {"Index": index, "Value": value}
        if self._pairs:
            entry |= {"Key": value[0], "Value": value[1]}
        read = self._read
        if read is None:
            entry["Source"] = STATE_DATA
            return entry
        if read.keyed:
            entry |= {"Key": value["Key"], "Value": value["Value"]}
        entry["Source"] = read.sources[index] if read.sources else read.source
        return entry

    def input(self, step: Step, state: Map, index: int) -> Any:
        """What the child of this item gets: a member of an object comes with its key."""
        entry = self.entry(index)
        if state.selector is None and "Key" in entry:
            return {"Key": entry["Key"], "Value": entry["Value"]}
        return select(step, state, entry)
