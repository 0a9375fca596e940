"""Unpacked packages and layers, one folder per content."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import tempfile
import threading
import zipfile
from pathlib import Path


class CodeFolders:
    """Unpacks each zip once, however often its function is called."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="lambda-code-"))
        self._lock = threading.Lock()
        # By identity, with the zip itself so that the identity stays taken: hashing a hundred
        # megabytes for each call would cost more than the call.
        self._known: dict[int, tuple[bytes, Path]] = {}

    def unpacked(self, package: bytes) -> Path:
        """The folder that holds a zip's files."""
        with self._lock:
            known = self._known.get(id(package))
            if known is None:
                known = (package, self._unpack(package))
                self._known[id(package)] = known
            return known[1]

    def forget(self) -> None:
        """Lets go of the zips; their folders stay for functions that come back."""
        with self._lock:
            self._known.clear()

    def close(self) -> None:
        """Removes the folders."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _unpack(self, package: bytes) -> Path:
        target = self._root / hashlib.sha256(package).hexdigest()[:24]
        if not target.is_dir():
            partial = target.with_name(target.name + ".partial")
            with zipfile.ZipFile(io.BytesIO(package)) as archive:
                archive.extractall(partial)
            partial.rename(target)
        return target


def layer_paths(layer: Path) -> list[Path]:
    """Where AWS looks for Python code in a layer, as far as this layer has it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [layer / "python" / "lib" / version / "site-packages", layer / "python"]
    return [path for path in candidates if path.is_dir()]
