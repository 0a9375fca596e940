"""The built-in functions, by name."""

from __future__ import annotations

from ..calls import Native
from . import (
    arrays,
    dates,
    encodings,
    numbers,
    objects,
    patterns,
    service,
    texts,
)

BUILTINS: dict[str, Native] = {
    function.name: function
    for module in (arrays, dates, encodings, numbers, objects, patterns, service, texts)
    for function in module.FUNCTIONS
}
