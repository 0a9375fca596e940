"""Joins a Silver partition with the results of its postings."""

import common  # noqa: F401  (before pyarrow, whose allocator it chooses)
