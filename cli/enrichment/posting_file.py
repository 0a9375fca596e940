"""One posting out of a file, as the work item that read_partition makes of a Silver row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError, Diagnostic, ExitCode
from cli.functions_code import make_importable

if TYPE_CHECKING:
    from common.postings import Posting

# What a person calls the columns of Silver.
SHORT = {
    "id": "job_posting_id",
    "source": "source_system",
    "title": "job_title",
    "company": "company_name",
    "location": "job_location",
    "description": "job_description_text",
}
NO_PARTITION = "1970/01/01/00"  # of a posting without an hour; no Silver partition is touched


@dataclass(frozen=True)
class WorkItem:
    """A posting and its hour; `item` is what messages carry."""

    posting: Posting
    partition: str

    @property
    def item(self) -> dict[str, str]:
        return {**asdict(self.posting), "partition": self.partition}


def read_work_item(path: Path, id: str | None) -> WorkItem:
    """The posting of a JSON object, or the one with that id of a JSONL or Parquet file.

    A posting without an id gets one that follows from its text. Raises CommandError, one sentence
    about the file.
    """
    given = _chosen(path, _rows(path), id)
    row = _silver_names(given)
    make_importable()
    from common.postings import NO_DESCRIPTION, NOT_SPECIFIED, Unidentified, posting_of

    _require_texts(path, given)
    posting = posting_of({**row, "job_posting_id": row.get("job_posting_id") or "unnamed"})
    if isinstance(posting, Unidentified):
        raise _refused(f"{path}: {posting.reason}.")
    if posting.title == NOT_SPECIFIED and posting.text == NO_DESCRIPTION:
        raise _refused(
            f"{path} has neither a title nor a description: give at least one of them.",
            f"it has {', '.join(sorted(given)) or 'nothing'}",
        )
    if not row.get("job_posting_id"):
        named = {**row, "job_posting_id": f"file-{posting.content_hash[:12]}"}
        posting = posting_of(named)
        assert not isinstance(posting, Unidentified)
    return WorkItem(posting, _hour(path, row.get("scraped_at")))


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise _refused(f"{path} is no file: give a JSON, JSONL or Parquet file.")
    if path.suffix == ".parquet":
        return _parquet(path)
    text = path.read_bytes().decode("utf-8", "replace").strip()
    try:
        whole = json.loads(text)
    except ValueError as error:
        if path.suffix == ".json":
            raise _refused(f"{path} is no JSON: write one object.", str(error)) from error
        whole = [_line(path, number, line) for number, line in enumerate(text.splitlines(), 1)]
    rows = whole if isinstance(whole, list) else [whole]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise _refused(f"{path} holds no object with a title and a description.")
    return rows


def _line(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise _refused(f"{path}: line {number} is no JSON.", str(error)) from error


def _parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise _refused(f"{path} is no Parquet file that can be read.", str(error)) from error
    return rows


def _silver_names(row: Mapping[str, Any]) -> dict[str, Any]:
    """Short names count where Silver's own are absent; a number as id is its digits."""
    named = {SHORT.get(name, name): value for name, value in row.items() if name in SHORT}
    named |= {name: value for name, value in row.items() if name not in SHORT}
    if isinstance(named.get("job_posting_id"), int):
        named["job_posting_id"] = str(named["job_posting_id"])
    return named


def _require_texts(path: Path, given: Mapping[str, Any]) -> None:
    """Silver's reader takes a value that is no text for none; a person is told."""
    from common.postings import COLUMNS, ID

    others = {
        name: value
        for name, value in given.items()
        if (column := SHORT.get(name, name)) in COLUMNS
        and not isinstance(value, str | None)
        and not (column == ID and isinstance(value, int))
    }
    if others:
        shown = "; ".join(f"{name} is {repr(value)[:60]}" for name, value in others.items())
        raise _refused(f"{path}: {' and '.join(others)} must be text in quotes.", shown)


def _chosen(path: Path, rows: list[dict[str, Any]], id: str | None) -> dict[str, Any]:
    if id is None and len(rows) == 1:
        return rows[0]
    if id is None:
        raise _refused(f"{path} has {len(rows)} postings: choose one by --id.")
    found = [row for row in rows if _silver_names(row).get("job_posting_id") == id]
    if len(found) != 1:
        number = "no posting" if not found else f"{len(found)} postings"
        raise _refused(f"{path} has {number} with the id {id}.")
    return found[0]


def _hour(path: Path, scraped_at: Any) -> str:
    """The hour in UTC; a time without an offset is in UTC as it stands."""
    if scraped_at is None:
        return NO_PARTITION
    try:
        moment = scraped_at
        if not isinstance(moment, datetime):
            moment = datetime.fromisoformat(str(scraped_at))
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _refused(
            f"{path}: scraped_at is {scraped_at!r}; write a time such as 2026-01-31T06:00:00."
        ) from error
    return moment.strftime("%Y/%m/%d/%H")


def _refused(message: str, context: str | None = None) -> CommandError:
    return CommandError(Diagnostic(message, ExitCode.USAGE, context=context))
