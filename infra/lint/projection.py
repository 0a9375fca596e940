"""How a resource type becomes one of CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class Projection:
    """A CloudFormation type; `names` maps inputs to dotted properties, None leaves one out.

    `json` inputs are documents as text; `shape` turns the projected properties into what
    CloudFormation expects.
    """

    type: str
    names: Mapping[str, str | None] = field(default_factory=dict)
    json: tuple[str, ...] = ()
    shape: Callable[[Values], Values] = lambda properties: properties
