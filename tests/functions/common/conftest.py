"""The lake that these tests work on."""

from __future__ import annotations

from tests.silver_lake import lake

__all__ = ["lake"]
