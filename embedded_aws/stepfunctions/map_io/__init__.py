"""Distributed Map's input and output: readers, batches, result files. Knows no states.

read_items     evaluated ItemReader -> Items, read from S3
items_at       parsed JSON -> its items at a JSON pointer
batches        items -> the inputs of child executions, by count and bytes
write_results  child executions -> manifest.json and result files in S3
transformed    child executions -> the list that is returned when nothing is written
"""

from __future__ import annotations

from .batcher import batches
from .formats import Malformed, items_at
from .reader import Items, read_items
from .writer import ChildResult, ResultFile, result_files, transformed, write_results

__all__ = [
    "ChildResult",
    "Items",
    "Malformed",
    "ResultFile",
    "batches",
    "items_at",
    "read_items",
    "result_files",
    "transformed",
    "write_results",
]
