"""Results of passes in Bronze."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.aws import THREADS
from common.postings import Posting

_STACK = 1 << 20  # bytes; the default of 8 MB per thread counts against the function's memory


@dataclass(frozen=True)
class Result:
    """A stored result: `documents` by root (extraction, inference, analysis, summary).

    Tokens and cost (USD, None without a price) are those of all attempts that led to it; `at` is
    when it was made. A cached result keeps all of them.
    """

    documents: dict[str, dict[str, Any]]
    model: str
    prompt: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    attempts: int
    at: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Broken:
    """What a completed pass left behind cannot be used."""

    problem: str


class Bronze:
    """Reads objects with 32 threads; a context manager."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3, self._bucket = s3, bucket
        self._pool = ThreadPoolExecutor(THREADS)

    def __enter__(self) -> Bronze:
        self._stack = threading.stack_size(_STACK)  # threads start with the first calls
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        threading.stack_size(self._stack)

    def fetch(self, keys: Iterable[str]) -> dict[str, bytes | None]:
        """Key -> body, None if there is no such object. Raises every other error of S3."""
        distinct = sorted(set(keys))
        return dict(zip(distinct, self._pool.map(self._get, distinct), strict=True))

    def _get(self, key: str) -> bytes | None:
        try:
            body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return body


def parse(pass_name: str, posting: Posting, body: bytes | None) -> Result | Broken:
    """The result in `body`, if it is one and belongs to this posting and pass."""
    if body is None:
        return Broken("is missing")
    try:
        content = json.loads(body)
        metadata = content["metadata"]
        owner = (metadata["job_posting_id"], metadata["content_hash"])
        if owner != posting.key or metadata["pass_name"] != pass_name:
            return Broken("belongs to another posting or pass")
        return _result(metadata, _documents(pass_name, content["result"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Broken("is not readable")


def _result(metadata: dict[str, Any], documents: dict[str, dict[str, Any]]) -> Result:
    cost = metadata["cost_usd"]
    return Result(
        documents=documents,
        model=str(metadata["model_id"]),
        prompt=str(metadata["pass_version"]),
        input_tokens=int(metadata["input_tokens"]),
        output_tokens=int(metadata["output_tokens"]),
        cost_usd=None if cost is None else float(cost),
        attempts=int(metadata["attempts"]),
        at=str(metadata["timestamp"]),
        warnings=tuple(str(warning) for warning in metadata["warnings"]),
    )


def _documents(pass_name: str, result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if pass_name == "pass3":
        return {root: dict(result[root]) for root in ("analysis", "summary")}
    return {"extraction" if pass_name == "pass1" else "inference": dict(result)}
