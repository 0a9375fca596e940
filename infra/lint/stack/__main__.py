"""The program over packages that hold nothing: what a stack registers does not depend on them."""

import tomllib
from pathlib import Path

from infra.packages import Packages, Target, layers_for
from infra.platform import deploy


def empty_packages(root: Path, target: Target) -> Packages:
    """The packages of `functions/`, each one this file."""
    manifests = {
        path.parent.name: tomllib.loads(path.read_text())
        for path in sorted(root.glob("functions/*/package.toml"))
    }
    layers = {
        name: layers_for(manifest.get("layers", ()), target) for name, manifest in manifests.items()
    }
    here = Path(__file__)
    used = {layer for names in layers.values() for layer in names}
    return Packages(dict.fromkeys(manifests, here), dict.fromkeys(used, here), layers)


deploy(empty_packages)
