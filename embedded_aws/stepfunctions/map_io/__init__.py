"""Distributed Map's input and output: readers, batches, result files. Knows no states.

read_items     evaluated ItemReader -> Items, read from S3
batches        items -> the inputs of child executions, by count and bytes
write_results  child executions -> manifest.json and result files in S3
transformed    child executions -> the list that is returned when nothing is written
"""

from __future__ import annotations

from .batcher import batches
from .reader import Items, read_items
from .writer import ChildResult, ResultFile, result_files, transformed, write_results

__all__ = [
    "ChildResult",
    "Items",
    "ResultFile",
    "batches",
    "read_items",
    "result_files",
    "transformed",
    "write_results",
]
