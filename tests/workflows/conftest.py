"""One embedded AWS for all workflow tests of a process; each test has postings of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, running_stack
from tests.workflows.gold import AFTER_ENRICHMENT, parsed_copy, small_gold


@pytest.fixture(scope="package")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        # Each run of enrich_partitions would start a build, for minutes; that has its own tests.
        stack.client("events").disable_rule(Name=AFTER_ENRICHMENT)
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Iterator[Stack]:
    """The stack, with no planned faults before and after the test."""
    shared_stack.clear_faults()
    yield shared_stack
    shared_stack.clear_faults()


@pytest.fixture(scope="package")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dbt project with one model per step of build_gold, parsed as a package holds it."""
    return parsed_copy(tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def gold_stack(shared_stack: Stack, small_project: Path) -> Iterator[Stack]:
    """The stack with the small project, for all tests of a file: each builds on those before."""
    with small_gold(shared_stack, small_project) as stack:
        yield stack
