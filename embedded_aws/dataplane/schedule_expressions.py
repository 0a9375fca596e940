"""When a schedule expression fires next: `at(…)`, `rate(…)`, `cron(…)`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from embedded_aws.dataplane import ministack


class ScheduleError(Exception):
    """A schedule expression or time zone that AWS would refuse."""


@dataclass(frozen=True)
class Expression:
    """A parsed schedule expression; `next_after` is a pure function of time.

    rates_start_at_once  EventBridge Scheduler fires a rate at its anchor, a rule one period later
    """

    text: str
    timezone: str = "UTC"
    rates_start_at_once: bool = False

    def __post_init__(self) -> None:
        self._parsed()

    def next_after(self, instant: float, anchor: float) -> float | None:
        """The first time (epoch seconds) after `instant`, or None if there is none.

        anchor  where a rate counts from: the schedule's start or creation
        """
        kind, value = self._parsed()
        if kind == "at":
            return value if value > instant else None
        if kind == "rate":
            first = anchor if self.rates_start_at_once else anchor + value
            if first > instant:
                return float(first)
            return float(first + (math.floor((instant - first) / value) + 1) * value)
        return self._next_cron(value, instant)

    def _next_cron(self, fields: Any, instant: float) -> float | None:
        # The fields speak of local wall-clock time; a skipped hour fires once it is over.
        zone = ZoneInfo(self.timezone)
        local = datetime.fromtimestamp(instant, zone).replace(tzinfo=UTC)
        while True:
            found = ministack.service("eventbridge")._cron_next_fire(fields, local)
            if found is None:
                return None
            fires = float(found.replace(tzinfo=zone).timestamp())
            if fires > instant:
                return fires
            local = found

    def _parsed(self) -> tuple[str, Any]:
        events = ministack.service("eventbridge")
        try:
            zone = ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ScheduleError(f"Invalid time zone {self.timezone}.") from None
        text = self.text.strip()
        if text.startswith("at(") and text.endswith(")"):
            try:
                local = datetime.fromisoformat(text[3:-1])
            except ValueError:
                raise ScheduleError(f"Invalid Schedule Expression {self.text}.") from None
            return "at", local.replace(tzinfo=zone).timestamp()
        if (period := events._parse_rate_seconds(text)) is not None:
            return "rate", period
        if (fields := events._parse_cron_fields(text)) is not None:
            return "cron", fields
        raise ScheduleError(f"Invalid Schedule Expression {self.text}.")
