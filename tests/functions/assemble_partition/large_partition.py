"""Reads and assembles a large partition within a function's memory: a program of its own.

    python large_partition.py ROWS LIMIT_MB

Every hundredth description has 100 KB. Storage is on disk or made up when read, so that the
memory measured is the functions'. Prints their answers and seconds as JSON.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from assemble_partition.handler import handler as assemble
from common import contract
from common.aws import client
from common.postings import Posting, posting_of
from read_partition.handler import handler as read
from tests.silver_lake import ENVIRONMENT, HOUR, NOW, PARTITION, RUN, bronze_object, completed, row

FILES, LETTERS = 10, "abcdefghijklmnopqrstuvwxyz     "


def main(rows: int, limit_mb: int) -> None:
    """Prints {"read", "assembled", "seconds", "peak_mb", "written_mb"}."""
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(Path(folder), rows)
        boto3.client = lambda service, **_: storage
        client.cache_clear()
        resource.setrlimit(resource.RLIMIT_DATA, (limit_mb << 20, limit_mb << 20))
        start = time.process_time()
        event = {"partition": PARTITION, "run": RUN, "assembled_at": NOW}
        answers = {"read": read(event, None), "assembled": assemble(event, None)}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        seconds = time.process_time() - start
        print(
            json.dumps(
                {
                    **answers,
                    "seconds": seconds,
                    "peak_mb": peak,
                    "written_mb": storage.written >> 20,
                }
            )
        )


class Storage:
    """S3 and DynamoDB as far as the functions use them."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder, self.written = folder, 0
        for part in range(FILES):
            write_silver(folder / f"{part}.parquet", range(part, rows, FILES))
        sample = posting_of(row("ID"))
        assert isinstance(sample, Posting)
        self._results = {
            name: json.dumps(padded(bronze_object(sample, name)))
            for name in ("pass1", "pass2", "pass3")
        }
        self._hash = sample.content_hash

    def get_paginator(self, _: str) -> Storage:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"Contents": [{"Key": f"linkedin/{HOUR}{part}.parquet"} for part in range(FILES)]}

    def get_object(self, **request: str) -> dict[str, Any]:
        parts = request["Key"].split("/")
        if request["Bucket"] == "lake-silver":
            return {"Body": BytesIO((self._folder / parts[-1]).read_bytes())}
        _, identity, name, digest = parts
        body = self._results[name].replace('"ID"', f'"{identity}"').replace(self._hash, digest)
        return {"Body": BytesIO(body.encode())}

    def put_object(self, **request: Any) -> None:
        self.written += request["Body"].seek(0, SEEK_END)

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        keys = request["RequestItems"]["lake-status"]["Keys"]
        return {"Responses": {"lake-status": [item(**key) for key in keys]}}


def item(pk: dict[str, str], sk: dict[str, str]) -> dict[str, Any]:
    identity = pk["S"].removeprefix("posting#")
    sample = posting_of(row(identity))
    assert isinstance(sample, Posting)
    names = ("pass1", "pass2", "pass3")
    passes = {
        name: {
            "M": {
                **completed(sample, name)["M"],
                "bronze_key": {"S": f"ai_enrichment/{identity}/{name}/{sk['S']}"},
            }
        }
        for name in names
    }
    return {"pk": pk, "sk": sk, "overallStatus": {"S": "COMPLETED"}, "passes": {"M": passes}}


def padded(result: dict[str, Any]) -> dict[str, Any]:
    """Results are about 12 KB, as real ones."""
    return {**result, "context": "x" * 5_000}


def write_silver(path: Path, numbers: range) -> None:
    chance = random.Random(path.name)
    letters = "".join(chance.choices(LETTERS, k=400_000))
    rows = []
    for number in numbers:
        start = chance.randrange(300_000)
        text = letters[start : start + (100_000 if number % 100 == 0 else 4_000)]
        texts = {"job_description_text": text, "job_description_html": f"<p>{text}</p>"}
        rows.append(row(str(number), **texts, job_summary=text))
    table = pa.Table.from_pylist(rows, schema=contract.silver_schema())
    pq.write_table(table, path)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
