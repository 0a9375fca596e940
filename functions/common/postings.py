"""A posting as the prompts see it, and its identity: id and content hash."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

TEXT_LIMIT = 12_000  # characters, the largest description cap of any pass
NOT_SPECIFIED = "not specified"
NO_DESCRIPTION = "no description"

ID = "job_posting_id"
ID_BYTES_LIMIT = 512  # with prefix and suffix it stays below S3's 1,024 bytes per key
_SINGLE_LINES = {
    "source": "source_system",
    "title": "job_title",
    "company": "company_name",
    "location": "job_location",
}
_TEXTS = ("job_description_text", "job_description", "job_summary")  # the first with any text
COLUMNS = (ID, *_SINGLE_LINES.values(), *_TEXTS)

_DELIMITER = re.compile(r"={3,}")
_UNSAFE_IN_KEYS = re.compile(r"[/\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Posting:
    """What the prompts see of one row; rows with equal `key` are one piece of work."""

    job_posting_id: str
    source: str
    title: str
    company: str
    location: str
    text: str
    content_hash: str = field(init=False)

    def __post_init__(self) -> None:
        seen = json.dumps(
            [self.title, self.company, self.location, self.text],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        object.__setattr__(self, "content_hash", hashlib.sha256(seen.encode()).hexdigest())

    @property
    def key(self) -> tuple[str, str]:
        """(job posting id, content hash)."""
        return self.job_posting_id, self.content_hash


@dataclass(frozen=True)
class Unidentified:
    """A row that cannot be enriched because its id is missing or no usable key."""

    reason: str


def postings(table: pa.Table) -> Iterator[Posting | Unidentified]:
    """One per row of a Silver table, in its order. Columns that are absent count as null."""
    present = [name for name in COLUMNS if name in table.column_names]
    for values in zip(*(table.column(name) for name in present), strict=True):
        row = {name: value.as_py() for name, value in zip(present, values, strict=True)}
        yield posting_of(row)


def posting_of(row: dict[str, Any]) -> Posting | Unidentified:
    """The posting of one Silver row, a mapping of column names to values."""
    identity = _text(row.get(ID))
    reason = _id_problem(identity)
    if reason:
        return Unidentified(reason)
    lines = {
        name: " ".join(_plain(row.get(column)).split()) or NOT_SPECIFIED
        for name, column in _SINGLE_LINES.items()
    }
    text = next((text for column in _TEXTS if (text := _plain(row.get(column)))), NO_DESCRIPTION)
    return Posting(job_posting_id=identity, text=text[:TEXT_LIMIT], **lines)


def _plain(value: object) -> str:
    """Unescaped and trimmed; a run of equal signs could pass for a delimiter of the prompt."""
    plain = html.unescape(_text(value)).strip()
    return _DELIMITER.sub(lambda run: "-" * len(run[0]), plain)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _id_problem(identity: str) -> str | None:
    if not identity:
        return "job_posting_id is missing"
    if len(identity.encode()) > ID_BYTES_LIMIT:
        return f"job_posting_id is longer than {ID_BYTES_LIMIT} bytes"
    if identity in (".", "..") or _UNSAFE_IN_KEYS.search(identity):
        return "job_posting_id has characters that no object key may have"
    return None
