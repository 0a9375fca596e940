"""Silver and Silver-AI in S3: what changed since a time, and a local copy for DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.aws import THREADS

HOUR = re.compile(r"year=(\d{4})/month=(\d{2})/day=(\d{2})/hour=(\d{2})/[^/]+\.parquet$")
HOURLY = ("linkedin", "linkedin_ai")


@dataclass(frozen=True)
class Object:
    """One Parquet file of the lake; `path` is its place below the root, by contract."""

    key: str
    path: str
    etag: str
    modified: datetime


class Silver:
    """The Parquet files of a bucket, listed once."""

    def __init__(self, s3: Any, bucket: str, prefixes: Mapping[str, str]) -> None:
        self._s3, self._bucket = s3, bucket
        self.objects = [
            found for name, prefix in prefixes.items() for found in self._list(name, prefix)
        ]

    def changed(self, since: str) -> list[str] | str:
        """Hours, as YYYY/MM/DD/HH, with a file of Silver or Silver-AI written since then.

        `since` is a UTC time as `2026-03-01 06:00:00`; '' is never, and '' (all) the answer.
        """
        if not since:
            return ""
        start = datetime.fromisoformat(since).replace(tzinfo=UTC)
        hours = {
            "/".join(found.groups())
            for each in self.objects
            if each.path.startswith(HOURLY) and each.modified >= start
            if (found := HOUR.search(each.path))
        }
        return sorted(hours)

    def copy(self, folder: Path) -> int:
        """Makes `folder` a copy of the lake; returns how many files were fetched.

        What is there with the same content is kept, what the lake no longer has goes.
        """
        wanted = {folder / each.path: each for each in self.objects}
        for path in folder.rglob("*.parquet"):
            if path not in wanted:
                _forget(path)
        stale = [(path, each) for path, each in wanted.items() if _tag(path) != each.etag]
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda pair: self._fetch(*pair), stale))
        return len(stale)

    def _list(self, name: str, prefix: str) -> Iterator[Object]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for entry in page.get("Contents", ()):
                key = entry["Key"]
                if key.endswith(".parquet"):
                    path = f"{name}/{key.removeprefix(prefix)}"
                    yield Object(key, path, entry["ETag"], entry["LastModified"])

    def _fetch(self, path: Path, found: Object) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        answer = self._s3.get_object(Bucket=self._bucket, Key=found.key)
        path.write_bytes(answer["Body"].read())
        _tag_file(path).write_text(answer["ETag"])


def _tag_file(path: Path) -> Path:
    return path.with_suffix(".etag")


def _tag(path: Path) -> str:
    file = _tag_file(path)
    return file.read_text() if file.is_file() and path.is_file() else ""


def _forget(path: Path) -> None:
    path.unlink()
    _tag_file(path).unlink(missing_ok=True)
