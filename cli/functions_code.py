"""The code of the functions, which is no part of the installed package."""

from __future__ import annotations

import sys

from cli.stack import ROOT


def make_importable() -> None:
    """Lets `common` and the functions be imported from the repository's `functions/`."""
    folder = str(ROOT / "functions")
    if folder not in sys.path:
        sys.path.append(folder)
