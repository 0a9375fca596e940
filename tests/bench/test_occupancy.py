"""Occupancy from the writes of a slot item, on hand-made ones."""

from __future__ import annotations

from tests.queue_stack import SlotWrite, occupancy


def writes(*pairs: tuple[float, int]) -> list[SlotWrite]:
    return [SlotWrite(at, "model", owners, 2) for at, owners in pairs]


def test_full_slots_are_one() -> None:
    assert occupancy(writes((10, 2), (30, 1)), 2, until=30) == 1


def test_time_before_the_first_grant_and_after_the_end_does_not_count() -> None:
    assert occupancy(writes((0, 0), (10, 1), (20, 2), (40, 0)), 2, until=30) == 0.75


def test_an_empty_stretch_counts() -> None:
    assert occupancy(writes((0, 2), (10, 0), (15, 2)), 2, until=20) == 0.75
