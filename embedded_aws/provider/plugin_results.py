"""What a resource looks like to the Pulumi CLI: before creation, before an update, as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.provider.plugin_diff import at_path, put_at_path
from embedded_aws.provider.plugin_values import as_applied
from embedded_aws.provider.resource import UNKNOWN, Handler, Place, Values


def before_creation(handler: Handler, inputs: Values) -> Values:
    """Outputs in a preview: what AWS decides is unknown."""
    fields = handler.schema.fields.items()
    undecided = {name for name, known in fields if known.output or known.computed}
    return {**dict.fromkeys(undecided, UNKNOWN), **inputs}


def before_update(handler: Handler, id: str, old: Values, wanted: Values, place: Place) -> Values:
    """Outputs in a preview: those that follow from names stay, any other may change."""
    names = {**wanted, "id": id}
    outputs = {**old, **wanted}
    for name, known in handler.schema.fields.items():
        if not known.output or name not in old:
            continue
        if old[name] != handler.schema.render(known.example, names, place):
            outputs[name] = UNKNOWN
    return outputs


def inputs_as_they_are(handler: Handler, inputs: Values, outputs: Values, live: Values) -> Values:
    """Recorded inputs with every drifted property as it is now; without a record, all of them."""
    if not inputs:
        readable = (name for name, known in handler.schema.inputs.items() if known.readable)
        return {name: live[name] for name in readable if live.get(name) not in (None, {}, [])}
    found = inputs
    for change in handler.drift(live, as_applied(inputs, outputs)).changes:
        found = put_at_path(found, change.property, at_path(live, change.property))
    return found


def given(live: Mapping[str, Any]) -> Values:
    """What a service returned, without what it has no value for."""
    return {name: value for name, value in live.items() if value is not None}
