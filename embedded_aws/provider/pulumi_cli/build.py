"""Builds the Pulumi CLI from its Go module: `make pulumi`.

No package registry has the binary. go.mod and go.sum pin every module; the binary is kept under
build/ by the hash of go.sum, so that it is built once.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FOLDER = ROOT / "build" / "pulumi"
_COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


class CannotBuild(Exception):
    """The CLI can be neither found nor built; the message says what is missing."""


def built() -> Path:
    """Where the CLI of go.sum is, or will be."""
    digest = hashlib.sha256((HERE / "go.sum").read_bytes()).hexdigest()
    return FOLDER / digest[:12] / "pulumi"


def find() -> Path | None:
    """The CLI: ours, else one on the PATH, else None."""
    if built().exists():
        return built()
    elsewhere = shutil.which("pulumi")
    return Path(elsewhere) if elsewhere else None


def version() -> str:
    """The version that go.mod pins, for example `3.274.1`."""
    found = re.search(r"pulumi/pulumi/pkg/v3 v([\d.]+)", (HERE / "go.mod").read_text())
    assert found is not None
    return found[1]


def build() -> Path:
    """Builds the CLI unless it is there. Raises CannotBuild without Go, or when Go fails."""
    target = built()
    if target.exists():
        return target
    go = shutil.which("go")
    if go is None:
        raise CannotBuild(
            "the Pulumi CLI is built with Go 1.26 or newer: install it, or a pulumi on the PATH"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    flags = f"-s -w -X {_VERSION}={version()}"
    command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags]
    done = subprocess.run([*command, "-o", str(draft), _COMMAND], cwd=HERE, check=False)
    if done.returncode != 0:
        draft.unlink(missing_ok=True)
        raise CannotBuild(f"go build failed with exit code {done.returncode}: see above")
    draft.replace(target)
    return target


def main() -> int:
    """Says where the CLI is, after building it if there is none."""
    found = find()
    if found is None:
        print(f"Building the Pulumi CLI {version()}: once, about 15 minutes and 3 GB on two cores.")
        began = time.monotonic()
        try:
            found = build()
        except CannotBuild as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        print(f"Built in {(time.monotonic() - began) / 60:.0f} min.")
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
