"""File formats of the readers: bytes to items."""

from __future__ import annotations

import base64
import csv
import datetime
import decimal
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Parsed = tuple[Iterable[Any], bool]
"""The items, and whether they are the `{"Key", "Value"}` of one object."""

Parser = Callable[[bytes, str], Parsed]

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class Malformed(Exception):
    """The data cannot be read as what the reader says it is."""


def parser_of(config: dict[str, Any]) -> Parser:
    """The parser of a ReaderConfig's InputType; raises Malformed for an unknown one."""
    kind = config.get("InputType")
    if kind == "JSON":
        pointer = config.get("ItemsPointer") or ""
        return lambda data, source: parse_json(data, source, pointer)
    if kind == "JSONL":
        return lambda data, source: (parse_jsonl(data, source), False)
    if kind == "CSV":
        return lambda data, source: (parse_csv(data, source, config), False)
    if kind == "PARQUET":
        return lambda data, source: (parse_parquet(data, source), False)
    raise Malformed(f"InputType must be JSON, JSONL, CSV, PARQUET or MANIFEST, not {kind!r}")


def parse_json(data: bytes, source: str, pointer: str) -> Parsed:
    """The array or object at a JSON pointer."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise Malformed(f"{source} is not JSON: {error}") from None
    try:
        return items_at(value, pointer)
    except Malformed as problem:
        raise Malformed(f"{source} {problem}") from None


def items_at(value: Any, pointer: str) -> Parsed:
    """The items of the array or object at a JSON pointer of parsed JSON."""
    value = _at(value, pointer)
    if isinstance(value, dict):
        return [{"Key": key, "Value": item} for key, item in value.items()], True
    if isinstance(value, list):
        return value, False
    where = f" at {pointer}" if pointer else ""
    raise Malformed(f"must hold an array or an object{where}")


def _at(value: Any, pointer: str) -> Any:
    if pointer and not pointer.startswith("/"):
        raise Malformed(f"cannot be read: its ItemsPointer must start with '/': {pointer}")
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Malformed(f"has nothing at ItemsPointer {pointer}") from None
    return value


def parse_jsonl(data: bytes, source: str) -> Iterator[Any]:
    """One item per line; empty lines are none."""
    for number, line in enumerate(io.BytesIO(data), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            raise Malformed(f"{source} line {number} is not JSON: {error}") from None


def parse_csv(data: bytes, source: str, config: dict[str, Any]) -> Iterator[dict[str, str]]:
    """A row per item, all values strings; columns without a header are left out."""
    delimiter = DELIMITERS.get(config.get("CSVDelimiter", "COMMA"))
    if delimiter is None:
        raise Malformed(f"CSVDelimiter must be one of {', '.join(DELIMITERS)}")
    rows = csv.reader(io.StringIO(_text(data, source), newline=""), delimiter=delimiter)
    headers = config.get("CSVHeaders")
    if config.get("CSVHeaderLocation", "FIRST_ROW") == "FIRST_ROW":
        headers = next(rows, [])
    elif not isinstance(headers, list):
        raise Malformed("CSVHeaderLocation GIVEN needs CSVHeaders")
    for row in rows:
        if row:
            padded = row + [""] * (len(headers) - len(row))
            yield dict(zip(headers, padded, strict=False))


def _text(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"{source} is not UTF-8: {error}") from None


def parse_parquet(data: bytes, source: str) -> Iterator[dict[str, Any]]:
    """A row per item, read in groups."""
    import pyarrow
    import pyarrow.parquet

    open_file: Any = pyarrow.parquet.ParquetFile
    try:
        for batch in open_file(pyarrow.BufferReader(data)).iter_batches():
            for row in batch.to_pylist():
                yield {name: _as_json(value) for name, value in row.items()}
    except (pyarrow.ArrowException, OSError) as error:
        raise Malformed(f"{source} is not Parquet: {error}") from None


def _as_json(value: Any) -> Any:
    """A Parquet value as JSON: times as ISO 8601, decimals as numbers, bytes as base64."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    return value
