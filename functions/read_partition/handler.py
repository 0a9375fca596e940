"""Turns one Silver partition into work items: one JSON line per distinct posting."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from typing import IO, Any

from common.aws import client
from common.partition import Partition
from common.postings import COLUMNS, Posting, postings
from common.silver import SilverPartition, open_partition


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Event {partition, run} -> {rows, items, without_id, bucket, key}.

    The items lie in the artifacts bucket, for an ItemReader. Raises InvalidPartition and
    PartitionUnreadable; errors of S3 are raised as they come.
    """
    partition = Partition.parse(event.get("partition"))
    s3 = client("s3")
    prefix = partition.prefix(os.environ["SILVER_PREFIX"])
    silver = open_partition(s3, os.environ["SILVER_BUCKET"], prefix)
    bucket, key = os.environ["ARTIFACTS_BUCKET"], f"work/{event['run']}/items.jsonl"
    with TemporaryFile() as file:
        counts = write_items(silver, partition, file)
        file.seek(0)
        s3.put_object(Bucket=bucket, Key=key, Body=file, ContentType="application/x-ndjson")
    return {**asdict(counts), "bucket": bucket, "key": key}


@dataclass
class Counts:
    """Rows of a partition, distinct postings among them, and rows that cannot be enriched."""

    rows: int = 0
    items: int = 0
    without_id: int = 0


def write_items(silver: SilverPartition, partition: Partition, file: IO[bytes]) -> Counts:
    """Writes a partition's work: rows with the same id and content are one item, the first."""
    counts = Counts()
    seen: set[tuple[str, str]] = set()
    for table in silver.tables(COLUMNS):
        for posting in postings(table):
            counts.rows += 1
            if not isinstance(posting, Posting):
                counts.without_id += 1
            elif posting.key not in seen:
                seen.add(posting.key)
                file.write(_line(posting, partition))
    counts.items = len(seen)
    return counts


def _line(posting: Posting, partition: Partition) -> bytes:
    """ASCII only: no reader can mistake a typographic line separator for the end of a line."""
    return json.dumps({**asdict(posting), "partition": partition.path}).encode() + b"\n"
