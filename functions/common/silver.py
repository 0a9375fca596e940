"""Reads one Silver partition: any number of Parquet objects that need not agree in detail.

Every table it gives has Silver's 30 columns with the contract's types first, then the extra
columns of all files. A column that a file lacks is null. A value is changed only where its type
says the same in another way: text encodings, widths of numbers, units of timestamps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from common import contract
from common.errors import PartitionUnreadable

ROWS = 1_000  # rows held in memory at a time, and rows per row group written
_PATH_KEYS = {"year", "month", "day", "hour"}  # lie in the path, must not lie in the file too


@dataclass(frozen=True)
class SilverPartition:
    """A partition's objects in key order, and the schema that all of its tables have."""

    files: tuple[SilverFile, ...]
    schema: pa.Schema

    @property
    def rows(self) -> int:
        """Rows of all files together."""
        return sum(file.parquet.metadata.num_rows for file in self.files)

    def tables(self, columns: Iterable[str] | None = None) -> Iterator[pa.Table]:
        """The rows in file and row order, 1,000 at a time; `columns` limits what is decoded."""
        schema = self.schema
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in columns if name in schema.names])
        return _in_portions((batch for file in self.files for batch in file.batches(schema)), ROWS)


@dataclass(frozen=True)
class SilverFile:
    """One object: its key and the opened Parquet file."""

    key: str
    parquet: pq.ParquetFile

    @property
    def names(self) -> dict[str, str]:
        """Name in the schema of the partition -> name in this file."""
        return {_name(name): name for name in self.parquet.schema_arrow.names}

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The file's rows with exactly the fields of `schema`."""
        names = self.names
        wanted = [names[name] for name in schema.names if name in names]
        with _unreadable(self.key):
            for batch in self._read(wanted):
                arrays = [self._column(batch, names.get(field.name), field) for field in schema]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _read(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        batches: Iterator[pa.RecordBatch] = self.parquet.iter_batches(
            ROWS, columns=names, use_threads=False
        )
        return batches

    def _column(self, batch: pa.RecordBatch, name: str | None, field: pa.Field) -> pa.Array:
        if name is None:
            return pa.nulls(batch.num_rows, field.type)
        array = batch.column(name)
        try:
            array = _cast(array, field.type)
            array.validate(full=True)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise _wrong_type(self.key, name, array.type, field.type, str(error)) from None
        return array


def open_partition(s3: Any, bucket: str, prefix: str) -> SilverPartition:
    """Reads the objects `{prefix}*.parquet`.

    Raises PartitionUnreadable if nothing lies there, or if an object is no Parquet file or has
    a column of the wrong type. Errors of S3 itself are raised as they come.
    """
    keys = sorted(_keys(s3, bucket, prefix))
    if not keys:
        raise PartitionUnreadable(
            f"nothing lies under s3://{bucket}/{prefix}: check the partition, or load Silver first"
        )
    files = tuple(_open(s3, bucket, key) for key in keys if key.endswith(".parquet"))
    return SilverPartition(files, _schema(files))


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            yield entry["Key"]


def _open(s3: Any, bucket: str, key: str) -> SilverFile:
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with _unreadable(key):
        parquet = pq.ParquetFile(pa.BufferReader(body), page_checksum_verification=True)
    names = [_name(name) for name in parquet.schema_arrow.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PartitionUnreadable(f"{key} has the column {twice[0]} twice: write it again")
    return SilverFile(key, parquet)


def _schema(files: tuple[SilverFile, ...]) -> pa.Schema:
    """Silver's columns by contract, then extras in order of appearance."""
    silver = contract.silver_schema()
    extras: dict[str, pa.Field] = {}
    for file in files:
        for name, own in file.names.items():
            have = file.parquet.schema_arrow.field(own).type
            if name in silver.names:
                if not _same_kind(have, silver.field(name).type):
                    raise _wrong_type(file.key, own, have, silver.field(name).type)
            elif name not in _PATH_KEYS:
                extras[name] = _joint(file.key, extras.get(name), pa.field(name, _settled(have)))
    return pa.schema([*silver, *(_named_type(field) for field in extras.values())])


def _joint(key: str, known: pa.Field | None, field: pa.Field) -> pa.Field:
    if known is None:
        return field
    try:
        both = [pa.schema([known]), pa.schema([field])]
        return pa.unify_schemas(both, promote_options="permissive").field(0)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise _wrong_type(key, field.name, field.type, known.type) from None


def _named_type(field: pa.Field) -> pa.Field:
    """Nothing but nulls has no type that other readers know; text holds them as well."""
    return field.with_type(pa.string()) if pa.types.is_null(field.type) else field


def _name(name: str) -> str:
    """An extra column must not take the name of a column that enrichment adds."""
    silver = contract.silver_schema().names
    taken = name in contract.arrow_schema().names and name not in silver
    return f"silver_{name}" if taken else name


def _settled(have: pa.DataType) -> pa.DataType:
    """The type an extra column is written with."""
    if pa.types.is_dictionary(have):
        return _settled(have.value_type)
    if _is_text(have) and not _is_binary(have):
        return pa.string()
    if pa.types.is_timestamp(have):
        return pa.timestamp("us")
    return have


def _cast(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.type == wanted:
        return array
    finer = pa.types.is_timestamp(array.type) and array.type.unit == "ns"
    return array.cast(wanted, safe=not finer)


def _same_kind(have: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether a cast keeps the meaning; whether it keeps each value, the cast itself checks."""
    if have == wanted or pa.types.is_null(have):
        return True
    if pa.types.is_dictionary(have):
        return _same_kind(have.value_type, wanted)
    if _is_list(wanted):
        return _is_list(have) and _same_kind(have.value_type, wanted.value_type)
    return any(kind(have) and kind(wanted) for kind in (_is_text, _is_number, _is_time))


def _is_binary(have: pa.DataType) -> bool:
    return bool(pa.types.is_binary(have) or pa.types.is_large_binary(have))


def _is_text(have: pa.DataType) -> bool:
    """Binary too: old writers do not mark text as such."""
    tests: list[Callable[[pa.DataType], bool]] = [
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        _is_binary,
    ]
    return any(test(have) for test in tests)


def _is_number(have: pa.DataType) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(test(have) for test in tests)


def _is_time(have: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(have) or pa.types.is_date(have))


def _is_list(have: pa.DataType) -> bool:
    return bool(pa.types.is_list(have) or pa.types.is_large_list(have))


@contextmanager
def _unreadable(key: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PartitionUnreadable(
            f"{key} is not a readable Parquet file ({first_line}): write it again or remove it"
        ) from None


def _wrong_type(
    key: str, name: str, have: pa.DataType, wanted: pa.DataType, why: str = ""
) -> PartitionUnreadable:
    detail = f" ({why.splitlines()[0]})" if why else ""
    return PartitionUnreadable(
        f"{key}: column {name} has type {have}, not {wanted}{detail}: write the object again"
    )


def _in_portions(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of exactly `rows` rows, the last one shorter."""
    pending: list[pa.RecordBatch] = []
    missing = rows
    for batch in batches:
        while batch.num_rows >= missing:
            pending.append(batch.slice(0, missing))
            yield pa.Table.from_batches(pending)
            batch, pending, missing = batch.slice(missing), [], rows
        if batch.num_rows:
            pending.append(batch)
            missing -= batch.num_rows
    if pending:
        yield pa.Table.from_batches(pending)
