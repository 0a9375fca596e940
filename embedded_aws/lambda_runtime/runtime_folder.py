"""The folder that stands for AWS's own runtime: awslambdaric and boto3, nothing else.

It is installed once per lock file and interpreter, from the hashes in `requirements.txt`, and put
on a function's path behind the function's package and layers, as /var/runtime is on AWS.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.txt")
_KEPT_SETTINGS = ("PATH", "HOME", "PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class RuntimeFolderError(Exception):
    """pip could not install the runtime folder; the message holds its last lines."""


def runtime_folder(root: Path) -> Path:
    """The installed folder below `root`, built by pip at first use.

    Safe with several processes at once. Raises RuntimeFolderError if pip fails.
    """
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    tag = f"{sys.implementation.cache_tag}-{os.uname().machine}"
    target = root / f"{digest}-{tag}"
    if target.is_dir():
        return target
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _install(target)
    return target


def _install(target: Path) -> None:
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    options = [
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--disable-pip-version-check",
    ]
    command = [sys.executable, "-m", "pip", "install", "-q", *options]
    done = subprocess.run(
        [*command, "--target", str(partial), "-r", str(LOCK)],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k.upper().startswith(_KEPT_SETTINGS)},
    )
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        tail = " ".join(done.stderr.strip().splitlines()[-3:])
        raise RuntimeFolderError(f"pip could not install the Lambda runtime ({LOCK.name}): {tail}")
    partial.rename(target)
