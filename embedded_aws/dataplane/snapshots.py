"""The whole state of a server in one file, written atomically.

A snapshot is a pickle: ministack's own state records hold bytes and tuples that JSON would bend,
and object bodies go to disk as they are. It is read back by its own program from the user's own
folder only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded_aws.dataplane import ministack

_FORMAT = 1
_NOT_OURS = ("stepfunctions", "rds", "cognito")  # replaced, or tied to processes and keys

# What S3's own state leaves out, because ministack expects it in files.
_OBJECT_STORES = (
    "_object_versions",
    "_object_tags",
    "_object_acl",
    "_object_annotations",
    "_object_retention",
    "_object_legal_hold",
    "_multipart_uploads",
)


class SnapshotError(Exception):
    """A snapshot cannot be read or written; one sentence says which file and why."""


def collect(engine: dict[str, Any]) -> bytes:
    """The state of the data plane and the engine; run it where no request is half done."""
    states = ministack.load()._build_persistence_save_dict()
    s3 = ministack.service("s3")
    # Code stays in the records: files beside the snapshot would not be replaced with it.
    ministack.service("lambda_svc")._externalize_code_zip = lambda record, referenced: None
    ministack.service("lambda_svc")._prune_orphan_code_blobs = lambda referenced: None
    content = {
        "format": _FORMAT,
        "engine": engine,
        "services": {key: state() for key, state in states.items() if key not in _NOT_OURS},
        "buckets": {key: bucket["objects"] for key, bucket in s3._buckets._data.items()},
        "objects": {name: getattr(s3, name)._data for name in _OBJECT_STORES},
    }
    return pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)


@dataclass(frozen=True)
class DataFolder:
    """The folder that keeps a server's state; one server at a time."""

    path: Path
    _writing: threading.Lock = field(default_factory=threading.Lock, compare=False)

    @property
    def snapshot(self) -> Path:
        """The file that is replaced by each snapshot."""
        return self.path / "snapshot"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder and keeps other servers out. Raises SnapshotError if one is in."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SnapshotError(
                    f"{self.path} is in use by another embedded AWS: give another --data folder."
                ) from None
            yield

    def write(self, content: bytes) -> None:
        """Replaces the snapshot: after a crash there is the old one or the new one."""
        # One at a time: a write that nobody waits for any more still goes on in its thread.
        with self._writing:
            self._replace(content)

    def _replace(self, content: bytes) -> None:
        partial = self.snapshot.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.snapshot)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def restore(self) -> dict[str, Any] | None:
        """Puts the data plane back and returns the engine's part; None without a snapshot.

        Raises SnapshotError if the file is not a snapshot of this version.
        """
        try:
            content = pickle.loads(self.snapshot.read_bytes())
            known = content["format"] == _FORMAT
        except FileNotFoundError:
            return None
        except Exception as error:
            raise SnapshotError(f"{self.snapshot} is not a snapshot: {error}.") from error
        if not known:
            raise SnapshotError(
                f"{self.snapshot} is of another version: give an empty --data folder."
            )
        _put_back(content)
        engine: dict[str, Any] = content["engine"]
        return engine


def _put_back(content: dict[str, Any]) -> None:
    app = ministack.load()
    for key, state in content["services"].items():
        app._get_module(app._state_map[key]).load_persisted_state(state)
    s3 = ministack.service("s3")
    for key, objects in content["buckets"].items():
        s3._buckets._data[key]["objects"] = objects
    for name, records in content["objects"].items():
        getattr(s3, name)._data.update(records)
    _give_back_messages()


def _give_back_messages() -> None:
    """Makes received messages visible: pipes and functions that had them ended with the server."""
    for queue in ministack.service("sqs")._queues._data.values():
        for message in queue["messages"]:
            if message["receive_count"]:
                message["visible_at"] = 0.0
