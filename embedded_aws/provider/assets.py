"""Pulumi's assets and archives as bytes with a digest."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

_EPOCH = (2020, 1, 1, 0, 0, 0)  # archives of the same files have the same bytes


@dataclass(frozen=True)
class Content:
    """A file, a text or an archive; `digest` (SHA-256, hex) identifies it in state and in diffs."""

    path: Path | None = None
    text: str | None = None
    entries: Mapping[str, Content] = field(default_factory=dict)
    archive: bool = False

    @cached_property
    def data(self) -> bytes:
        """The bytes: of the file, of the text, or of a reproducible zip. Raises OSError."""
        if self.text is not None:
            return self.text.encode()
        if self.path is not None and not self.path.is_dir():
            return self.path.read_bytes()
        return self._zipped()

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content | Digest) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def _zipped(self) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(self._members("")):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()

    def _members(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        if self.path is not None and self.path.is_dir():
            for file in sorted(self.path.rglob("*")):
                if file.is_file():
                    yield prefix + file.relative_to(self.path).as_posix(), file.read_bytes()
        elif self.path is not None and self.archive:
            with zipfile.ZipFile(self.path) as archive:
                for name in archive.namelist():
                    if not name.endswith("/"):
                        yield prefix + name, archive.read(name)
        elif self.path is not None or self.text is not None:
            yield prefix, self.data
        for name, entry in self.entries.items():
            yield from entry._members(f"{prefix}{name}" + ("/" if entry.archive else ""))


@dataclass(frozen=True)
class Digest:
    """Content of which only the digest is known: applied before, or read from a service."""

    digest: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content | Digest) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def from_pulumi(value: Any, root: Path) -> Any:
    """Turns assets of the SDK, at any depth, into `Content`; paths are relative to `root`.

    Raises FileNotFoundError for a path that does not exist, ValueError for a remote asset.
    """
    import pulumi

    if isinstance(value, pulumi.FileAsset | pulumi.FileArchive):
        path = root / value.path
        if not path.exists():
            raise FileNotFoundError(f"no file or folder {value.path}")
        return Content(path=path, archive=isinstance(value, pulumi.FileArchive))
    if isinstance(value, pulumi.StringAsset):
        return Content(text=value.text)
    if isinstance(value, pulumi.AssetArchive):
        entries = {name: from_pulumi(entry, root) for name, entry in value.assets.items()}
        return Content(entries=entries, archive=True)
    if isinstance(value, pulumi.RemoteAsset | pulumi.RemoteArchive):
        raise ValueError(f"remote assets are not supported: {value.uri}")
    if isinstance(value, dict):
        return {key: from_pulumi(entry, root) for key, entry in value.items()}
    if isinstance(value, list):
        return [from_pulumi(entry, root) for entry in value]
    return value
