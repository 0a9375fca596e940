"""One embedded AWS for all workflow tests of a process; each test has postings of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack import Stack, running_stack


@pytest.fixture(scope="package")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        # Each run of enrich_partitions would start a build, for minutes; that has its own tests.
        stack.client("events").disable_rule(Name="data-engineer-jobs-local-gold-after-enrichment")
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Iterator[Stack]:
    """The stack, with no planned faults before and after the test."""
    shared_stack.clear_faults()
    yield shared_stack
    shared_stack.clear_faults()
