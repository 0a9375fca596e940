"""The Silver-AI contract, read from `schemas/silver_ai.json`: nothing else defines a column.

Each column has a name, a type, whether it may be null, and where its value comes from:

    silver.<column>                 Silver, unchanged
    extraction.<section>.<field>    pass 1
    inference.<section>.<field>.<part of the wrapper>     pass 2
    analysis.<section>.<field>.<part of the wrapper>      pass 3
    summary.<field>                 pass 3
    json.<column>                   the list column of that name as JSON text
    metadata.<column>               how the row came about
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa

_TYPES = {
    "string": pa.string(),
    "bool": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "date32": pa.date32(),
    "timestamp[us]": pa.timestamp("us"),  # UTC, without zone: both SQL engines read it alike
    "list<string>": pa.list_(pa.field("element", pa.string())),
}


@dataclass(frozen=True)
class Column:
    """One column of Silver-AI; `root` and `path` are its `from`, split at the first dot."""

    name: str
    type: pa.DataType
    nullable: bool
    root: str
    path: tuple[str, ...]

    @property
    def field(self) -> pa.Field:
        """The Arrow field."""
        return pa.field(self.name, self.type, self.nullable)


@cache
def columns() -> tuple[Column, ...]:
    """All columns of the contract in their order."""
    return tuple(
        Column(
            entry["name"],
            _TYPES[entry["type"]],
            entry["nullable"],
            *_split(entry["from"]),
        )
        for entry in json.loads(_file().read_text(encoding="utf-8"))
    )


def columns_from(*roots: str) -> tuple[Column, ...]:
    """The columns whose values come from one of `roots`, in their order."""
    return tuple(column for column in columns() if column.root in roots)


@cache
def arrow_schema() -> pa.Schema:
    """Silver-AI's Arrow schema, the same for every partition; extras of Silver follow it."""
    return pa.schema([column.field for column in columns()])


def silver_schema() -> pa.Schema:
    """Silver's 30 columns."""
    return pa.schema([column.field for column in columns_from("silver")])


def _split(source: str) -> tuple[str, tuple[str, ...]]:
    root, *path = source.split(".")
    return root, tuple(path)


def _file() -> Path:
    """`schemas/` lies beside `common/` in a package, beside `functions/` in the repository."""
    found = (folder / "schemas" / "silver_ai.json" for folder in Path(__file__).parents)
    return next(path for path in found if path.is_file())
