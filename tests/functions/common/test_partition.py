"""The partition of an event."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import InvalidPartition
from common.partition import Partition
from tests.silver_lake import PARTITION


def test_prefix_and_path() -> None:
    partition = Partition.parse(PARTITION)
    assert partition.path == "2026/01/31/06"
    assert partition.prefix("linkedin/") == "linkedin/year=2026/month=01/day=31/hour=06/"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"month": "1"}, "partition.month is '1': give a zero-padded string such as '06'"),
        ({"hour": 6}, "partition.hour is 6: give a zero-padded string such as '06'"),
        ({"year": None}, "partition.year is None: give a zero-padded string such as '06'"),
        ({"day": "٣١"}, "partition.day is '٣١': give a zero-padded string such as '06'"),
        ({"day": "31\n"}, r"partition.day is '31\n': give a zero-padded string such as '06'"),
        ({"month": "02"}, "partition 2026/02/31/06 is no hour of the calendar"),
        ({"hour": "24"}, "partition 2026/01/31/24 is no hour of the calendar"),
    ],
)
def test_a_bad_part_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidPartition) as raised:
        Partition.parse({**PARTITION, **change})
    assert str(raised.value) == message


@pytest.mark.parametrize("value", [None, [], "2026/01/31/06", 7])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(InvalidPartition, match=r"^partition must be an object with the keys"):
        Partition.parse(value)


def test_a_missing_part_is_named() -> None:
    with pytest.raises(InvalidPartition, match=r"^partition.hour is None"):
        Partition.parse({key: value for key, value in PARTITION.items() if key != "hour"})
