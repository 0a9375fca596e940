"""How large outputs, results and variables may be; what is larger is States.DataLimitExceeded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import StatesError
from .jsontext import PAYLOAD_LIMIT, size

DATA_LIMIT = "States.DataLimitExceeded"
VARIABLES_LIMIT = 10_485_760  # bytes of all variables that a state can see


def check_size(value: Any, name: str) -> None:
    """Refuses a value of more than 262,144 bytes; `name` is that of its state."""
    if size(value) > PAYLOAD_LIMIT:
        raise StatesError(
            DATA_LIMIT,
            f"The state/task '{name}' returned a result with a size exceeding"
            " the maximum number of bytes service limit.",
            wildcard=False,
        )


def sizes_of(assigned: Mapping[str, Any], known: Mapping[str, int], name: str) -> dict[str, int]:
    """The sizes of all variables after a state assigned some; `known` are those before.

    Refuses one variable, or all that the state assigns, of more than 262,144 bytes.
    """
    sizes = {variable: size(value) for variable, value in assigned.items()}
    total = 0
    for variable, bytes_ in sizes.items():
        total += bytes_
        was = f"Variable '{variable}' in state '{name}' was assigned {bytes_} bytes"
        if bytes_ > PAYLOAD_LIMIT:
            raise _exceeded(f"Variable size limit exceeded. {was}.")
        if total > PAYLOAD_LIMIT:
            raise _exceeded(
                f"State total variable size limit exceeded. {was}, which caused the size of"
                " variables assigned in the state to exceed its limit by"
                f" {total - PAYLOAD_LIMIT} bytes."
            )
    merged = {**known, **sizes}
    excess = sum(merged.values()) - VARIABLES_LIMIT
    if excess > 0:
        raise _exceeded(
            f"Total variable size limit exceeded. State '{name}' assigned {total} bytes, which"
            f" caused the size of all variables to exceed its limit by {excess} bytes."
        )
    return merged


def _exceeded(cause: str) -> StatesError:
    return StatesError(DATA_LIMIT, cause, wildcard=False)
