"""The functions that Step Functions adds to JSONata."""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from typing import Any, NoReturn

from ..calls import native
from ..failures import MEMORY, MEMORY_LIMIT, NUMBER_BYTES, Failure, LimitExceeded
from ..frames import Run
from ..values import UNDEFINED, Array, sequence

ALGORITHMS = {
    "SHA-1": "sha1",
    "SHA-384": "sha384",
    "SHA-256": "sha256",
    "SHA-512": "sha512",
    "MD5": "md5",
}
RANGE_LIMIT = 10_000_000  # as for `[a..b]`
# 200,000 numbers of $range are evaluated on AWS, 500,000 are not: it holds them twice
RANGE_BYTES = 2 * NUMBER_BYTES
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
# java.util.Random is a linear congruential generator of 48 bits
_MULTIPLIER, _ADDEND, _MASK = 0x5DEECE66D, 0xB, (1 << 48) - 1


def _partition(run: Run, items: Any, size: Any) -> Any:
    if items is UNDEFINED:
        return UNDEFINED
    if not isinstance(items, list):
        raise Failure("T0412", token="partition", index=1, type=UNDEFINED)
    if size is UNDEFINED:
        return Array([items])
    if size < 0:
        raise Failure("D3137", message="Second argument must be zero or greater")
    step = math.trunc(size)
    if step == 0 or not items:
        return UNDEFINED
    return Array(Array(items[at : at + step]) for at in range(0, len(items), step))


def _range(run: Run, first: Any, last: Any, step: Any) -> Any:
    if first is UNDEFINED or last is UNDEFINED or step is UNDEFINED:
        return UNDEFINED
    start, end, by = math.trunc(first), math.trunc(last), math.trunc(step)
    if by == 0:
        return UNDEFINED
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > RANGE_LIMIT:
        raise Failure("D2014", value=len(numbers))
    if len(numbers) * RANGE_BYTES > MEMORY_LIMIT:
        raise LimitExceeded(MEMORY)
    return sequence(numbers)


def _hash(run: Run, text: Any, algorithm: Any) -> Any:
    if text is UNDEFINED or algorithm is UNDEFINED:
        return UNDEFINED
    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise Failure("D3137", message=f"Hash algorithm '{algorithm}' must be one of {known}")
    return hashlib.new(ALGORITHMS[algorithm], text.encode("utf-8", "replace")).hexdigest()


def _random(run: Run, seed: Any) -> Any:
    return run.random.random() if seed is UNDEFINED else _java_random(math.trunc(seed))


def _java_random(seed: int) -> float:
    """The first nextDouble() of Java's java.util.Random(seed)."""
    state = (seed ^ _MULTIPLIER) & _MASK
    state = (state * _MULTIPLIER + _ADDEND) & _MASK
    high = state >> 22
    state = (state * _MULTIPLIER + _ADDEND) & _MASK
    return ((high << 27) + (state >> 21)) / (1 << 53)


def _uuid(run: Run) -> str:
    return str(uuid.UUID(int=run.random.getrandbits(128), version=4))


def _parse(run: Run, text: Any) -> Any:
    if text is UNDEFINED:
        return UNDEFINED
    try:
        return _loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _loads(_QUOTED.sub(_double_quoted, text))
    except (ValueError, RecursionError):
        raise Failure("D3137", message="Invalid JSON") from None


def _loads(text: str) -> Any:
    return json.loads(
        text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_distinct_keys
    )


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(digits)
    return value


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("repeated key")
    return fields


def _double_quoted(found: re.Match[str]) -> str:
    """A string in single quotes, which the service accepts, as JSON wants it."""
    if found[1] is None:
        return found[0]
    return '"' + found[1].replace("\\'", "'").replace('"', '\\"') + '"'


FUNCTIONS = (
    native("partition", _partition, "<xn?:a>", 2),
    native("range", _range, "<n?n?n?:a>", 3),
    native("hash", _hash, "<ss?:s>", 2),
    native("random", _random, "<n?:n>", 1),
    native("uuid", _uuid, "<:s>", 0),
    native("parse", _parse, "<s-:x>", 1),
)
