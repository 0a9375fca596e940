"""The hourly partition as events name it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from common.errors import InvalidPartition

_SHAPES = {"year": r"\d{4}", "month": r"\d{2}", "day": r"\d{2}", "hour": r"\d{2}"}


@dataclass(frozen=True)
class Partition:
    """One hour of Silver, for example 2026/01/31/06; all parts zero-padded strings."""

    year: str
    month: str
    day: str
    hour: str

    @classmethod
    def parse(cls, value: object) -> Partition:
        """The partition of an event. Raises InvalidPartition naming the key that is wrong."""
        if not isinstance(value, dict):
            raise InvalidPartition(
                "partition must be an object with the keys year, month, day and hour"
            )
        parts: dict[str, str] = {}
        for key, shape in _SHAPES.items():
            part = value.get(key)
            if not isinstance(part, str) or not re.fullmatch(shape, part, re.ASCII):
                raise InvalidPartition(
                    f"partition.{key} is {part!r}: give a zero-padded string such as '06'"
                )
            parts[key] = part
        partition = cls(**parts)
        try:
            datetime.strptime(partition.path, "%Y/%m/%d/%H")
        except ValueError:
            raise InvalidPartition(
                f"partition {partition.path} is no hour of the calendar"
            ) from None
        return partition

    @property
    def path(self) -> str:
        """YYYY/MM/DD/HH."""
        return f"{self.year}/{self.month}/{self.day}/{self.hour}"

    def prefix(self, root: str) -> str:
        """Where the partition's objects lie under `root` ("linkedin/"), ending in a slash."""
        return f"{root}year={self.year}/month={self.month}/day={self.day}/hour={self.hour}/"
