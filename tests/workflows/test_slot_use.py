"""Slots are kept busy: a small one of the measurement that `make bench` makes with 2,000."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.slots import LEAST_BUSY, slot_use
from tests.queue_stack import set_limit
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("queue")

LIMIT = 5


@pytest.fixture
def limited(stack: Stack) -> Iterator[Stack]:
    yield stack
    set_limit(stack, LIMIT)


def test_slots_are_busy_while_postings_wait(limited: Stack) -> None:
    use = slot_use(limited, LIMIT, 25)

    assert (use.completed, use.failed) == (25, 0)
    assert use.busy >= LEAST_BUSY
    assert (use.most_owners, use.owners_left) == (LIMIT, 0)
