"""Makes the Parquet object of a partition: Silver's columns, the contract's others, extras."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from assemble_partition.rows import Row
from common import contract


class Output:
    """Writes the rows of a partition into a Parquet file; a context manager.

    Equal rows give equal bytes; no rows give a file that holds the schema alone.
    """

    def __init__(self, file: IO[bytes], silver: pa.Schema) -> None:
        """`silver` is the schema of the Silver tables to come: the contract's and extras."""
        ours = contract.arrow_schema()
        extras = [field for field in silver if field.name not in ours.names]
        self._schema = pa.schema([*ours, *extras])
        self._writer = pq.ParquetWriter(file, self._schema, compression="snappy")

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, silver: pa.Table, rows: Sequence[Row]) -> None:
        """Appends rows as one row group; `rows` has one entry per row of `silver`."""
        columns: dict[str, Any] = {name: silver.column(name) for name in silver.column_names}
        for column in contract.columns():
            if column.root == "json":
                columns[column.name] = _as_json(columns[column.path[0]])
            elif column.root != "silver":
                values = [row.values[column.name] for row in rows]
                columns[column.name] = pa.array(values, column.type)
        table = pa.table([columns[name] for name in self._schema.names], schema=self._schema)
        self._writer.write_table(table, row_group_size=len(rows))


def _as_json(lists: pa.Array | pa.ChunkedArray) -> pa.Array:
    texts = (
        None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        for value in (item.as_py() for item in lists)
    )
    return pa.array(list(texts), pa.string())
