"""Turns a Silver partition into work items."""

import common  # noqa: F401  (before pyarrow, whose allocator it chooses)
