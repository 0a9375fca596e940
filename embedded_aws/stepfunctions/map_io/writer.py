"""ResultWriter: what a map run writes to S3, laid out as AWS does."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import StatesError
from ..integrations.base import Call
from ..integrations.failures import sdk_words
from ..integrations.models import operation_model
from ..integrations.sdk import Operation

FILE_LIMIT = 5 * 1024**3  # bytes of one result file
GROUPS = ("FAILED", "PENDING", "SUCCEEDED")  # in the manifest's order


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildResult:
    """One child execution; `input` and `output` are JSON texts, times epoch seconds.

    A child that never started has the status PENDING and no start.
    """

    execution_arn: str
    name: str
    state_machine_arn: str
    status: str
    input: str
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    start: float | None = None
    stop: float | None = None
    redrive_count: int = 0
    redrive_status: str = "NOT_REDRIVABLE"
    redrive_reason: str | None = None

    @property
    def group(self) -> str:
        """The result file it goes to; aborted and timed-out children count as failed."""
        return self.status if self.status in ("SUCCEEDED", "PENDING") else "FAILED"

    def record(self) -> dict[str, Any]:
        """The child as AWS writes it, fields in alphabetical order."""
        fields: dict[str, Any] = {
            "Cause": self.cause,
            "Error": self.error,
            "ExecutionArn": self.execution_arn,
            "Input": self.input,
            "InputDetails": {"Included": True},
            "Name": self.name,
            "Output": self.output,
            "OutputDetails": None if self.output is None else {"Included": True},
            "RedriveCount": self.redrive_count,
            "RedriveStatus": self.redrive_status,
            "RedriveStatusReason": self.redrive_reason,
            "StartDate": _iso(self.start),
            "StateMachineArn": self.state_machine_arn,
            "Status": self.status,
            "StopDate": _iso(self.stop),
        }
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ResultFile:
    """An object to write: its key, and its body."""

    key: str
    body: bytes


def transformed(child: ChildResult, transformation: str) -> Iterator[str]:
    """What a child contributes, as JSON texts: itself, its output, or the items of its output.

    A failed child is not transformed.
    """
    if transformation == "NONE" or child.output is None:
        yield _dumps(child.record())
        return
    output = json.loads(child.output) if transformation == "FLATTEN" else None
    if isinstance(output, list):
        yield from map(_dumps, output)
    else:
        yield child.output


def result_files(
    children: Iterable[ChildResult],
    config: dict[str, Any],
    folder: str,
    file_limit: int = FILE_LIMIT,
) -> dict[str, list[ResultFile]]:
    """The files of each group, `{folder}/SUCCEEDED_0.json` and so on, split by size."""
    lines = config.get("OutputType", "JSON") == "JSONL"
    transformation = config.get("Transformation", "NONE")
    texts: dict[str, list[str]] = {group: [] for group in GROUPS}
    for child in children:
        texts[child.group].extend(transformed(child, transformation))
    suffix = "jsonl" if lines else "json"
    return {
        group: [
            ResultFile(f"{folder}/{group}_{number}.{suffix}", body)
            for number, body in enumerate(_bodies(found, lines, file_limit))
        ]
        for group, found in texts.items()
    }


def _bodies(texts: list[str], lines: bool, limit: int) -> Iterator[bytes]:
    """The texts as files of at most `limit` bytes, a larger single text apart."""
    part: list[bytes] = []
    size = 2  # the brackets of a JSON array
    for text in texts:
        data = text.encode()
        if part and size + len(data) + 1 > limit:
            yield _body(part, lines)
            part, size = [], 2
        part.append(data)
        size += len(data) + 1
    if part:
        yield _body(part, lines)


def _body(part: list[bytes], lines: bool) -> bytes:
    if lines:
        return b"\n".join(part) + b"\n"
    return b"[" + b",".join(part) + b"]"


async def write_results(
    children: Iterable[ChildResult],
    arguments: dict[str, Any],
    config: dict[str, Any],
    map_run_arn: str,
    call: Call,
) -> dict[str, Any]:
    """Writes the files and the manifest; the state's result `{MapRunArn, ResultWriterDetails}`.

    `arguments` are the evaluated Bucket and Prefix. Raises StatesError
    States.ResultWriterFailed if S3 refuses.
    """
    bucket = arguments.get("Bucket", "")
    prefix = str(arguments.get("Prefix") or "").strip("/")
    run = map_run_arn.rsplit(":", 1)[-1]
    folder = f"{prefix}/{run}" if prefix else run
    manifest_key = f"{folder}/manifest.json"

    def write() -> None:
        files = result_files(children, config, folder)
        for group in GROUPS:
            for file in files[group]:
                _put(bucket, file, call)
        body = _manifest(bucket, map_run_arn, files)
        _put(bucket, ResultFile(manifest_key, body), call)

    await call.run_blocking(write)
    return {
        "MapRunArn": map_run_arn,
        "ResultWriterDetails": {"Bucket": bucket, "Key": manifest_key},
    }


def _manifest(bucket: str, map_run_arn: str, files: dict[str, list[ResultFile]]) -> bytes:
    listed = {
        group: [{"Key": file.key, "Size": len(file.body)} for file in files[group]]
        for group in GROUPS
    }
    manifest = {"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": listed}
    return _dumps(manifest).encode()


def _put(bucket: str, file: ResultFile, call: Call) -> None:
    operation = Operation("s3", operation_model("s3", "putObject"), sdk_words("s3"))
    try:
        operation.call({"Bucket": bucket, "Key": file.key, "Body": file.body.decode()}, call)
    except StatesError as error:
        raise StatesError("States.ResultWriterFailed", error.cause) from None


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    utc = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
