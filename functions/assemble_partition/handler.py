"""Joins one Silver partition with the results of its postings: one Silver-AI object."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any

from assemble_partition.bronze import Bronze, parse
from assemble_partition.counts import Counts, new_spending
from assemble_partition.output import Output
from assemble_partition.rows import Row, enriched_row, unidentified_row
from assemble_partition.status import Key, Status, read_statuses
from common.aws import client
from common.errors import PartitionDeferred
from common.partition import Partition
from common.postings import COLUMNS, Posting, Unidentified, postings
from common.silver import SilverPartition, open_partition

Statuses = Mapping[Key, Status]


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Event {partition, run, assembled_at} -> counts, rates, new spending and the object's key.

    As many rows are written as Silver has, in its order. Raises InvalidPartition,
    PartitionUnreadable and PartitionDeferred; errors of S3 and DynamoDB are raised as they come.
    """
    partition = Partition.parse(event.get("partition"))
    s3, environment = client("s3"), os.environ
    prefix = partition.prefix(environment["SILVER_PREFIX"])
    silver = open_partition(s3, environment["SILVER_BUCKET"], prefix)
    statuses = read_statuses(client("dynamodb"), environment["STATUS_TABLE"], _keys(silver))
    _refuse_if_unsettled(statuses, event["run"], event["assembled_at"])
    key = partition.prefix(environment["SILVER_AI_PREFIX"]) + "data.parquet"
    with TemporaryFile() as file:
        with (
            Output(file, silver.schema) as output,
            Bronze(s3, environment["BRONZE_BUCKET"]) as bronze,
        ):
            counts = assemble(silver, statuses, bronze, output)
        file.seek(0)
        s3.put_object(Bucket=environment["SILVER_BUCKET"], Key=key, Body=file)
    return {**counts.summary(), **new_spending(statuses.values(), event["run"]), "key": key}


def assemble(silver: SilverPartition, statuses: Statuses, bronze: Bronze, output: Output) -> Counts:
    """Writes the partition's rows, a portion of them in memory at a time, and counts them."""
    counts = Counts()
    version = os.environ["SCHEMA_VERSION"]
    for table in silver.tables():
        rows = _rows(list(postings(table)), statuses, bronze, version)
        for row in rows:
            counts.add(row)
        output.add(table, rows)
    return counts


def _rows(
    found: Sequence[Posting | Unidentified], statuses: Statuses, bronze: Bronze, version: str
) -> list[Row]:
    keys = {
        posting.key: _completed(statuses.get(posting.key))
        for posting in found
        if isinstance(posting, Posting)
    }
    bodies = bronze.fetch(key for passes in keys.values() for key in passes.values())
    rows = []
    for posting in found:
        if isinstance(posting, Unidentified):
            rows.append(unidentified_row(posting, version))
            continue
        results = {
            name: parse(name, posting, bodies[key]) for name, key in keys[posting.key].items()
        }
        rows.append(enriched_row(posting, statuses.get(posting.key), results, version))
    return rows


def _completed(status: Status | None) -> dict[str, str]:
    """Pass name -> Bronze key of the passes that have a result."""
    passes = status.passes if status else {}
    return {
        name: entry.bronze_key
        for name, entry in passes.items()
        if entry.completed and entry.bronze_key
    }


def _keys(silver: SilverPartition) -> list[Key]:
    """The distinct postings of a partition in order of appearance."""
    found = (posting for table in silver.tables(COLUMNS) for posting in postings(table))
    return list(dict.fromkeys(posting.key for posting in found if isinstance(posting, Posting)))


def _refuse_if_unsettled(statuses: Statuses, run: str, assembled_at: str) -> None:
    now = datetime.fromisoformat(assembled_at).timestamp()
    unsettled = [key for key, status in statuses.items() if status.unsettled(run, now)]
    if unsettled:
        raise PartitionDeferred(
            f"{len(unsettled)} postings of this partition wait for their turn or are being "
            f"enriched by another run, first {unsettled[0][0]}: assemble it again when they are "
            "done"
        )
